import { ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { codeOfRefusal, ERRORS, TwinwardError } from "../../protocol/errors.ts";
import { idOfSigned, readSignedAct, type SignedAct } from "../../protocol/signed-acts.ts";
import { purposesMask } from "../../protocol/words.ts";
import { interfaces } from "../chain/interfaces.ts";
import type { Outbox } from "../chain/outbox.ts";
import type { Chain, ChainView, GrantFact, TwinFact } from "../chain/view.ts";
import { AddressLimit } from "./asking/limits.ts";
import { concernOf } from "./concerned.ts";
import { stewardOf } from "./weigh.ts";

/** How long an act may take until it is mined and seen here; it stays on its way after that. */
const RELAYED_WITHIN_MS = 20_000;

interface RelayParts {
  readonly chain: Pick<Chain, "fresh" | "waitFor" | "view">;
  readonly outbox: Pick<Outbox, "send" | "settle">;
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
   * Sends what somebody signed to the GrantRegistry and waits until it is mined and seen here; the same again changes nothing and
   * says the same. Whoever brings it need not be the signer. Throws UNUSABLE_ACT, REQUESTS_TOO_MANY, CHAIN_UNAVAILABLE, what the
   * contract refuses under its own word, and NOT_FOUND instead of that word to whom nothing of the twin concerns.
   */
  take(body: unknown, who: Hex): Promise<Relayed>;
}

/** A signature is worth as much whoever sends it: this sends it, and pays. */
export function createRelays({ chain, outbox, registry, now }: RelayParts): Relays {
  const limit = new AddressLimit(now);

  async function send(purpose: string, data: Hex): Promise<Hex> {
    // Stored before the node sees it: die anywhere from here on, and the outbox goes on sending it.
    const hash = await outbox.send({ purpose, to: registry, data });
    const { block } = await outbox.settle(hash, RELAYED_WITHIN_MS);
    await chain.waitFor(({ head }) => head.number >= block.number, RELAYED_WITHIN_MS);
    return hash;
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
      if (isConcerned && isDone(view, act)) return { grant, transaction: null };
      try {
        return { grant, transaction: await send(act.format, callOf(view, act, twin)) };
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

/** A consent's nonce counts its changes, so that one sent twice is refused by the chain; the others are once and for all. */
function isDone(view: ChainView, act: SignedAct): boolean {
  if (act.format === "grant@1") return view.grant(idOfSigned(act)) !== undefined;
  return act.format === "revocation@1" && view.grant(act.said.grant)?.revoked === true;
}

/** The call of the GrantRegistry. Throws TWIN_UNKNOWN or GRANT_UNKNOWN where what it names is not there. */
function callOf(view: ChainView, act: SignedAct, twin: TwinFact | undefined): Hex {
  if (act.format === "revocation@1") {
    const { twin: of, reader, ...source } = requireGrant(view, act.said.grant);
    return encode("relayRevocation", [of, reader, act.signer, sourceOf(source), act.said.deadline, act.signature]);
  }
  if (twin === undefined) throw new TwinwardError("TWIN_UNKNOWN");
  const purposes = purposesMask(act.said.purposes);
  if (act.format === "consent@1") {
    const { reader, deadline } = act.said;
    return encode("relayConsent", [twin.id, reader, purposes, act.signer, deadline, act.signature]);
  }
  const { reader, from, until, segments, depth, parent, nonce, deadline } = act.said;
  const given = [twin.device, [twin.id, reader, from, until, segments, purposes, depth], nonce];
  if (parent === null) {
    // The contract asks the steward of the day whose signature it is, whoever is named here.
    if (stewardOf(view, twin.id) !== act.signer) throw new TwinwardError("NOT_STEWARD");
    return encode("relayGrant", [...given, deadline, act.signature]);
  }
  const source = sourceOf(requireGrant(view, parent));
  return encode("relayDelegation", [...given, act.signer, source, deadline, act.signature]);
}

function requireGrant(view: ChainView, id: Hex): GrantFact {
  const found = view.grant(id);
  if (found === undefined) throw new TwinwardError("GRANT_UNKNOWN");
  return found;
}

const sourceOf = ({ grantor, parent, nonce }: Pick<GrantFact, "grantor" | "parent" | "nonce">): unknown[] => [
  grantor,
  parent ?? ZERO_32,
  nonce,
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
