import type { JsonRpcProvider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { streamId } from "../../protocol/ids.ts";
import { ALL_CONTRACTS } from "../../protocol/words.ts";
import { readBlocks, readHeader } from "../chain/blocks.ts";
import type { ChainEvent } from "../chain/event.ts";
import { ChainState } from "../chain/state.ts";
import { isFollowedBy, readLine } from "../chain/stream-line.ts";
import type { Block } from "../chain/view.ts";
import type { KeyStore } from "../keys/key-store.ts";
import type { Tx } from "../store/database.ts";
import { readStream } from "../store/stream-row.ts";
import type { AuditWorld } from "./audit/world.ts";

const TRIES = 5;

/** The stream that a set-up begins with: the first that its gateway group opened. */
export function streamOf(consortium: Pick<Consortium, "chainId" | "contracts" | "members">): {
  stream: Hex;
  group: Hex;
} {
  const group = consortium.members[0]?.gateways[0]?.group;
  if (group === undefined)
    throw new TwinwardError("UNUSABLE_CONSORTIUM", { detail: "Its first member has no gateway." });
  return { stream: streamId(consortium.chainId, consortium.contracts.AnchorLog, group, 0), group };
}

/**
 * Everything that an audit rests on, asked from the node anew: nothing of it comes from the database. Call it first in its
 * transaction, whose snapshot is taken here.
 */
export async function observeWorld(parts: {
  provider: JsonRpcProvider;
  consortium: Consortium;
  keys: KeyStore;
  tx: Tx;
  /** See `AuditWorld`; left out where whoever writes the database hears of it. */
  mayGoBack?: boolean;
}): Promise<AuditWorld> {
  const { provider, consortium, keys, tx, mayGoBack = false } = parts;
  const { chainId, contracts, genesis } = consortium;
  const zero = await reach(() => readHeader(provider, 0));
  if (zero?.hash !== genesis)
    throw new TwinwardError("CHAIN_DIFFERS", {
      detail: `The node's genesis is ${zero?.hash ?? "missing"}, the consortium's is ${genesis}.`,
    });
  // In this order, since a running server goes on: first a block that the database may be held to, then the database as it
  // is now and stays for this transaction, then the chain, which has all that the database can claim.
  await tx.script("set transaction isolation level repeatable read");
  const before = await reach(() => readHeader(provider, "latest"));
  await tx.query("select size from stream");
  const { head, events } = await reach(() => readAll(provider, consortium));
  // What the database says is held against the chain: where it names a stream of nobody's, the audit tells it.
  const told = foldWorld(consortium, { head, events, written: await readStream(tx) });
  return {
    ...told,
    tx,
    keys,
    chainId,
    contracts,
    present: told,
    mayGoBack,
    settled: before?.number ?? 0,
    block: (number) => readHeader(provider, number),
    isContract: async (address) => (await reach(() => provider.getCode(address))) !== "0x",
  };
}

/** What follows from the chain's events alone, for a database that says it is written to the stream `written`. */
export function foldWorld(
  consortium: Pick<Consortium, "chainId" | "contracts" | "members">,
  { head, events, written }: { head: Block; events: readonly ChainEvent[]; written: Hex | undefined },
): Pick<AuditWorld, "line" | "gatewayKeys" | "view" | "events"> {
  const state = new ChainState(consortium.contracts);
  for (const event of events) state.apply(event);
  const view = state.view(head);
  const { stream: first, group } = streamOf(consortium);
  const ours = written !== undefined && isFollowedBy(view, first, written) ? written : first;
  const gateway = view.gateway(group);
  if (gateway === undefined)
    throw new TwinwardError("CHAIN_DIFFERS", {
      detail: "The chain knows no gateway of this consortium: it is another chain, or an emptied one.",
    });
  return { line: readLine(view, ours), gatewayKeys: gateway.keys, view, events };
}

async function readAll(provider: JsonRpcProvider, { contracts }: Consortium) {
  const addresses = ALL_CONTRACTS.flatMap((name) => contracts[name] ?? []);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const head = await readHeader(provider, "latest");
    const read = head && (await readBlocks(provider, addresses, undefined, head));
    if (head && read) return { head, events: read.events };
  }
  throw new TwinwardError("CHAIN_UNAVAILABLE", {
    detail: "The node's answers did not fit together; it may be reorganising.",
  });
}

async function reach<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw cause instanceof TwinwardError ? cause : new TwinwardError("CHAIN_UNAVAILABLE", {}, cause);
  }
}
