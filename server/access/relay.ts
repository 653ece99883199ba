import { ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { codeOfRefusal, ERRORS, TwinwardError } from "../../protocol/errors.ts";
import { idOfSigned, readSignedAct, type SignedAct } from "../../protocol/signed-acts.ts";
import { purposesMask } from "../../protocol/words.ts";
import { describeRevert, interfaces } from "../chain/interfaces.ts";
import { revertBytes } from "../chain/node-answer.ts";
import type { Outbox } from "../chain/outbox.ts";
import type { Chain, ChainView, GrantFact, TwinFact } from "../chain/view.ts";
import { AddressLimit } from "./asking/limits.ts";
import { concernOf } from "./concerned.ts";
import { stewardOf } from "./weigh.ts";

/** What trying an act may cost the node: whoever signs names a contract that is asked (ERC-1271). More than any act needs. */
const GAS = 1_000_000n;
/** Acts on their way at once: they share the sender's one lane with the anchors. */
const MOST_AT_ONCE = 8;
/** How long an act may take until it is mined and seen here; it stays on its way after that. */
const RELAYED_WITHIN_MS = 20_000;

interface RelayParts {
  readonly chain: Pick<Chain, "fresh" | "waitFor" | "provider">;
  readonly outbox: Pick<Outbox, "send" | "settle" | "sender">;
  /** Address of the GrantRegistry. */
  readonly registry: Hex;
  /** ms. */
  readonly now: () => number;
}

/** What became of a signed act. */
export interface Relayed {
  /** The grant that was given or revoked; null for a consent. */
  readonly grant: Hex | null;
  /** Of the transaction that carried it; null where the chain had it already. */
  readonly transaction: Hex | null;
}

export interface Relays {
  /**
   * Sends what somebody signed to the GrantRegistry and waits until it is mined and seen here; a grant that the chain has already is
   * said again, and nothing is sent. Whoever brings it need not be the signer. Throws UNUSABLE_ACT, REQUESTS_TOO_MANY, OVERLOADED,
   * CHAIN_UNAVAILABLE, what the contract refuses under its own word, and NOT_FOUND instead of that word to whom nothing of the twin
   * concerns.
   */
  take(body: unknown, who: Hex): Promise<Relayed>;
}

/** A signature is worth as much whoever sends it: this sends it, and pays. */
export function createRelays({ chain, outbox, registry, now }: RelayParts): Relays {
  const limit = new AddressLimit(now);

  let going = 0;

  async function send(purpose: string, data: Hex): Promise<Hex> {
    if (going >= MOST_AT_ONCE) throw new TwinwardError("OVERLOADED", { retryAfterSeconds: 5 });
    going += 1;
    try {
      // Tried before it waits for the lane: what the contract refuses holds nobody up.
      await attempt(data);
      return await carry(purpose, data);
    } finally {
      going -= 1;
    }
  }

  async function attempt(data: Hex): Promise<void> {
    try {
      await chain.provider.call({ from: outbox.sender, to: registry, data, gasLimit: GAS });
    } catch (error) {
      const said = revertBytes(error);
      if (said === undefined) throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
      throw new TwinwardError("TRANSACTION_REVERTED", { detail: describeRevert(said) ?? "without a word" }, error);
    }
  }

  async function carry(purpose: string, data: Hex): Promise<Hex> {
    // Stored before the node sees it: die anywhere from here on, and the outbox goes on sending it.
    const hash = await outbox.send({ purpose, to: registry, data, gasLimit: GAS });
    const { block } = await outbox.settle(hash, RELAYED_WITHIN_MS);
    await chain.waitFor(({ head }) => head.number >= block.number, RELAYED_WITHIN_MS);
    return hash;
  }

  /** Asks the contract as well, so that this refusal takes the time that any takes. Throws NOT_STEWARD, CHAIN_UNAVAILABLE. */
  async function refuse(data: Hex): Promise<never> {
    await attempt(data).catch((error: unknown) => {
      if (!(error instanceof TwinwardError) || error.code !== "TRANSACTION_REVERTED") throw error;
    });
    throw new TwinwardError("NOT_STEWARD");
  }

  return {
    async take(body, who) {
      const act = readSignedAct(body);
      const waitMs = limit.take(who);
      if (waitMs > 0) throw new TwinwardError("REQUESTS_TOO_MANY", { retryAfterSeconds: Math.ceil(waitMs / 1000) });
      const view = await chain.fresh();
      const twin = twinOf(view, act);
      const isConcerned = twin !== undefined && concernOf(view, who, twin.id) !== undefined;
      const grant = act.format === "grant@1" ? idOfSigned(act) : act.format === "revocation@1" ? act.said.grant : null;
      try {
        if (isConcerned && isDone(view, act)) return { grant, transaction: null };
        const data = callOf(view, act, twin);
        if (isOfAnother(view, act, twin)) await refuse(data);
        try {
          return { grant, transaction: await send(act.format, data) };
        } catch (error) {
          // The contract looks at the nonce after the signature: who has that may know that the grant was given.
          const isUsed = inItsWord(error);
          if (isUsed instanceof TwinwardError && isUsed.code === "NONCE_USED" && isDone(view, act))
            return { grant, transaction: null };
          throw error;
        }
      } catch (error) {
        const told = inItsWord(error);
        throw isConcerned || !isOfTheTwin(told) ? told : new TwinwardError("NOT_FOUND");
      }
    },
  };
}

function twinOf(view: ChainView, act: SignedAct): TwinFact | undefined {
  const id = act.format === "revocation@1" ? view.grant(act.said.grant)?.twin : act.said.twin;
  return id === undefined ? undefined : view.twin(id);
}

/**
 * A consent's nonce counts its changes, so that one sent twice is refused by the chain; the others are once and for all. Throws
 * NONCE_USED where another grant than this one was given under its nonce.
 */
function isDone(view: ChainView, act: SignedAct): boolean {
  if (act.format === "revocation@1") return view.grant(act.said.grant)?.revoked === true;
  if (act.format !== "grant@1") return false;
  const given = view.grant(idOfSigned(act));
  if (given === undefined) return false;
  const { from, until, segments, purposes, depth } = act.said;
  const same =
    given.from === from &&
    given.until === until &&
    given.segments === BigInt(segments) &&
    given.purposes === purposesMask(purposes) &&
    given.depth === depth;
  if (!same) throw new TwinwardError("NONCE_USED", { detail: "Another grant was given under it." });
  return true;
}

/** The contract asks the steward of the day whose signature a grant is, whoever is named in it: then its id is another one. */
const isOfAnother = (view: ChainView, act: SignedAct, twin: TwinFact | undefined): boolean =>
  act.format === "grant@1" && act.said.parent === null && twin !== undefined && stewardOf(view, twin.id) !== act.signer;

/** The call of the GrantRegistry; what it names and is not there, the contract itself refuses, in the time that any refusal takes. */
function callOf(view: ChainView, act: SignedAct, twin: TwinFact | undefined): Hex {
  const { signer, signature } = act;
  if (act.format === "revocation@1") {
    const given = view.grant(act.said.grant);
    const [of, reader] = [given?.twin ?? ZERO_32, given?.reader ?? NOBODY];
    return encode("relayRevocation", [of, reader, signer, sourceOf(given), act.said.deadline, signature]);
  }
  const { reader, deadline } = act.said;
  const purposes = purposesMask(act.said.purposes);
  if (act.format === "consent@1")
    return encode("relayConsent", [act.said.twin, reader, purposes, signer, deadline, signature]);
  const { from, until, segments, depth, parent, nonce } = act.said;
  const given = [twin?.device ?? ZERO_32, [act.said.twin, reader, from, until, segments, purposes, depth], nonce];
  if (parent !== null) {
    const source = sourceOf(view.grant(parent));
    return encode("relayDelegation", [...given, signer, source, deadline, signature]);
  }
  return encode("relayGrant", [...given, deadline, signature]);
}

const NOBODY = `0x${"0".repeat(40)}`;

const sourceOf = (given: Pick<GrantFact, "grantor" | "parent" | "nonce"> | undefined): unknown[] => [
  given?.grantor ?? NOBODY,
  given?.parent ?? ZERO_32,
  given?.nonce ?? 0n,
];

const encode = (method: string, args: unknown[]): Hex =>
  interfaces.GrantRegistry.encodeFunctionData(method, args) as Hex;

/** A contract's refusal under the word that it used. */
function inItsWord(error: unknown): unknown {
  if (!(error instanceof TwinwardError) || error.code !== "TRANSACTION_REVERTED") return error;
  const detail = String(error.facts.detail);
  const code = codeOfRefusal(detail.replace(/\(.*$/s, ""));
  return code === undefined ? error : new TwinwardError(code, { detail: `The contract refused: ${detail}.` }, error);
}

/** Whether it tells something of the twin, and not of the chain or of this server. */
const isOfTheTwin = (error: unknown): boolean =>
  error instanceof TwinwardError && (ERRORS[error.code].status < 500 || error.code === "TRANSACTION_REVERTED");
