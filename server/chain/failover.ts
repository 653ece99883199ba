import { FetchRequest, JsonRpcProvider, Network, type JsonRpcPayload, type JsonRpcResult } from "ethers";
import { TwinwardError } from "../../protocol/errors.ts";

/** With somebody else to ask, one that does not answer is not waited for as long. */
const TIMEOUT_MS = 4_000;
/** A newest block older than this may be the chain's, which is quiet, or that of a node that is stuck: the others are asked. */
const OLD_HEAD_SECONDS = 5;
/** "Limit exceeded": this node will not, another may. */
const LIMIT_EXCEEDED = -32_005;
/** How often a call goes around. */
const ROUNDS = 2;
const options = { batchMaxCount: 1, cacheTimeout: -1, pollingInterval: 200 } as const;

interface Node {
  readonly url: string;
  readonly request: FetchRequest;
  /** Known to serve our chain; asked again after each failure, since whoever comes back may be another. */
  isVerified: boolean;
}

type Answer = JsonRpcResult & { readonly error?: { readonly code?: number } };

/** What tells one chain from another. */
interface Identity {
  readonly chainId: number;
  readonly genesis: string;
}

/**
 * A provider over several nodes of one chain. One of them is asked for as long as it answers; then the next; where none did,
 * those whose connection broke off are asked once more. A newest block that is lower than one seen before, or old, has the others
 * asked too, and the highest counts: a node that is stuck is left. A transaction is handed to all of them. Whatever is sent is
 * safe to be sent twice. Every node is believed: this is for nodes that fail, not for nodes that lie.
 */
export class FailoverProvider extends JsonRpcProvider {
  readonly #nodes: readonly Node[];
  readonly #identity: Identity;
  #current: number;
  #highest = 0;
  /** When the newest block was last a newer one, by a clock that nobody sets, ms. */
  #roseAt = performance.now();

  private constructor(nodes: readonly Node[], current: number, identity: Identity) {
    const { chainId } = identity;
    super(nodes[0]?.request ?? "", chainId, { ...options, staticNetwork: Network.from(chainId) });
    this.#nodes = nodes;
    this.#current = current;
    this.#identity = identity;
  }

  /**
   * Connects to those that answer, at least one. Throws CHAIN_UNAVAILABLE when none does, CHAIN_DIFFERS when two of them serve
   * different chains: one of the URLs is wrong, and nobody knows which.
   */
  static async connect(urls: readonly string[], timeoutMs = TIMEOUT_MS): Promise<FailoverProvider> {
    const nodes = urls.map((url): Node => {
      const request = new FetchRequest(url);
      request.timeout = timeoutMs;
      return { url, request, isVerified: false };
    });
    const found = await Promise.allSettled(nodes.map(identify));
    let identity: Identity | undefined;
    for (const [index, { status, ...rest }] of found.entries()) {
      if (status === "rejected") continue;
      const { value } = rest as { value: Identity };
      const node = nodes[index];
      if (node !== undefined) node.isVerified = true;
      identity ??= value;
      if (!isSame(identity, value))
        throw new TwinwardError("CHAIN_DIFFERS", { detail: `Node ${index + 1} of RPC_URL serves another chain.` });
    }
    if (identity === undefined) {
      const [first] = found.map((one) => (one.status === "rejected" ? (one.reason as unknown) : undefined));
      throw new TwinwardError("CHAIN_UNAVAILABLE", { nodes: urls.length }, first);
    }
    return new FailoverProvider(
      nodes,
      nodes.findIndex(({ isVerified }) => isVerified),
      identity,
    );
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const calls = Array.isArray(payload) ? payload : [payload];
    return Promise.all(calls.map((call) => this.#answerTo(call)));
  }

  #answerTo(call: JsonRpcPayload): Promise<Answer> {
    if (asksHead(call)) return this.#askHead(call);
    return call.method === "eth_sendRawTransaction" ? this.#handToAll(call) : this.#askInTurn(call);
  }

  /** One takes it and answers; the others have it too, and nobody waits for them: whoever took it may lose it. */
  async #handToAll(call: JsonRpcPayload): Promise<Answer> {
    const answer = await this.#askInTurn(call);
    if (answer.error !== undefined) return answer;
    const took = this.#current;
    for (const index of this.#nodes.keys()) if (index !== took) this.#askOne(index, call).catch(() => undefined);
    return answer;
  }

  /** From the current node on, until one answers; that one is the current one then. */
  async #askInTurn(call: JsonRpcPayload): Promise<Answer> {
    let failure: unknown;
    const first = this.#current;
    let turn = this.#nodes.map((_, step) => (first + step) % this.#nodes.length);
    for (let round = 0; round < ROUNDS; round++) {
      const brokenOff: number[] = [];
      for (const index of turn) {
        try {
          const answer = await this.#askOne(index, call);
          if (index !== first) this.#current = index;
          return answer;
        } catch (error) {
          if (isBrokenOff(error)) brokenOff.push(index);
          // A node that said why it failed tells more than one that broke off.
          if (failure === undefined || !isBrokenOff(error)) failure = error;
        }
      }
      turn = brokenOff;
    }
    throw failure;
  }

  async #askHead(call: JsonRpcPayload): Promise<Answer> {
    const answer = await this.#askInTurn(call);
    const at = this.#current;
    let best = { answer, index: at, ...headOf(answer) };
    // Its time alone would not do: to a clock of ours that was put back by an hour no block is old.
    const stands = best.number <= this.#highest && this.#roseAt < performance.now() - 1000 * OLD_HEAD_SECONDS;
    if (best.number < this.#highest || stands || best.seconds < Date.now() / 1000 - OLD_HEAD_SECONDS) {
      const others = [...this.#nodes.keys()].filter((index) => index !== at);
      const found = await Promise.allSettled(
        others.map(async (index) => ({ answer: await this.#askOne(index, call), index })),
      );
      for (const one of found) {
        if (one.status === "rejected") continue;
        const head = { ...one.value, ...headOf(one.value.answer) };
        if (head.number > best.number) best = head;
      }
      this.#current = best.index;
    }
    if (best.number > this.#highest) this.#roseAt = performance.now();
    this.#highest = Math.max(this.#highest, best.number);
    return best.answer;
  }

  async #askOne(index: number, call: JsonRpcPayload): Promise<Answer> {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    try {
      // Where it breaks off right after the node was verified, the node is not verified again for the second try.
      let ask = post;
      if (!node.isVerified) {
        if (!isSame(await identify(node), this.#identity)) throw new Error("this node serves another chain");
        node.isVerified = true;
        ask = postTwice;
      }
      const answer = await ask(node, call);
      if (answer.error?.code === LIMIT_EXCEEDED) throw new Error("this node's limit is exceeded");
      return answer;
    } catch (error) {
      node.isVerified = false;
      throw error;
    }
  }
}

function asksHead({ method, params }: JsonRpcPayload): boolean {
  return method === "eth_blockNumber" || (method === "eth_getBlockByNumber" && (params as unknown[])[0] === "latest");
}

/** `seconds` is Infinity where the answer has no time. */
function headOf({ result }: Answer): { readonly number: number; readonly seconds: number } {
  if (typeof result === "string") return { number: Number(result), seconds: Infinity };
  const { number, timestamp } = (result ?? {}) as { number?: string; timestamp?: string };
  return { number: number === undefined ? -1 : Number(number), seconds: Number(timestamp ?? Infinity) };
}

async function identify(node: Node): Promise<Identity> {
  const ask = async (method: string, params: unknown[]): Promise<unknown> =>
    (await postTwice(node, { jsonrpc: "2.0", id: 1, method, params })).result;
  const [chainId, block] = [await ask("eth_chainId", []), await ask("eth_getBlockByNumber", ["0x0", false])];
  const identity = { chainId: Number(chainId), genesis: (block as { hash?: string } | null)?.hash ?? "" };
  if (!Number.isSafeInteger(identity.chainId) || identity.chainId <= 0 || identity.genesis === "")
    throw new Error("the node names no chain id or has no first block");
  return identity;
}

const isSame = (one: Identity, other: Identity): boolean =>
  one.chainId === other.chainId && one.genesis.toLowerCase() === other.genesis.toLowerCase();

/**
 * After a failure a node is asked two things before the call itself. If each of the three had one chance only, a node that breaks
 * off at every third one would never answer again.
 */
async function postTwice(node: Node, call: JsonRpcPayload): Promise<Answer> {
  try {
    return await post(node, call);
  } catch (error) {
    if (!isBrokenOff(error)) throw error;
    return post(node, call);
  }
}

/** It was there a moment ago: whoever refuses a connection, or is silent, is not asked again at once. */
function isBrokenOff(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ECONNRESET" || code === "EPIPE";
}

async function post({ request }: Node, call: JsonRpcPayload): Promise<Answer> {
  const asked = request.clone();
  asked.body = JSON.stringify(call);
  asked.setHeader("content-type", "application/json");
  const response = await asked.send();
  response.assertOk();
  return response.bodyJson as Answer;
}
