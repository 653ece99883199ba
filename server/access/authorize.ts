import { isHex, toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { segmentsMask, type DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import { buildRecord, type DecisionRecord, type LeafRecord } from "../../protocol/record.ts";
import { LEAF_KINDS, type Purpose } from "../../protocol/words.ts";
import type { Chain, ChainView, OpeningFact } from "../chain/view.ts";
import type { Committer, Placed } from "../store/committer.ts";
import { changesOf } from "./changes-of.ts";
import { concernOf, readersOf, type Concern, type TwinReader } from "./concerned.ts";
import { continuedGrants, continues, isUnseen } from "./continuity.ts";
import type { Reason } from "./decide.ts";
import { concernsOpening, emergenciesFor, openingsFor, toListed } from "./openings.ts";
import type { Emergency, ListedOpening } from "./openings.ts";
import { permit, type Permit } from "./permit.ts";
import { distrustOf, prospectOf, type Found, type Prospect } from "./prospect.ts";
import { isStranger, onlyPurpose, stewardOf, weigh, type Answer, type Question } from "./weigh.ts";

export interface AccessParts {
  readonly committer: Pick<Committer, "submit">;
  readonly chain: Pick<Chain, "fresh" | "view"> & Partial<Pick<Chain, "time">>;
  /** The stream that decisions are leaves of. */
  readonly stream: Hex;
  /** A device model by its hash, for asks that name segments. */
  readonly model: (hash: Hex) => Promise<DeviceModel | undefined>;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
}

/** What a signed-in reader asks. Where something is left out, all that the grant and the twin allow is asked. */
export interface Asked {
  readonly reader: Hex;
  readonly twin: Hex;
  readonly action?: "read" | "command";
  readonly purpose?: Purpose;
  /** A bitmap, or names of the device model. */
  readonly segments?: bigint | readonly string[];
  readonly grant?: Hex;
  /** ms, [from, until). */
  readonly from?: number;
  readonly until?: number;
  /** Seconds that a live stream may go on by this decision. */
  readonly lease?: number;
}

/** A durable yes to a record: the view that it rests on. */
export interface RecordPermit {
  readonly view: ChainView;
}

/** A durable yes to a list of a twin's decisions: of all of them, or of the reader's own. */
export interface ListPermit extends RecordPermit {
  readonly twin: Hex;
  readonly reader: Hex;
  readonly concern: Concern;
  /** Only decisions that rest on this opening of the glass, whoever looks. */
  readonly opening?: Hex;
}

/** A durable yes to the case of an opening of the glass, to one whom it concerns. `at` in seconds. */
export interface OpeningPermit extends ListPermit {
  readonly at: number;
  readonly listed: ListedOpening;
}

/** What there is to know about break-glass for somebody. */
export interface OpeningsSeen {
  /** Seconds. */
  readonly at: number;
  readonly grantsPaused: boolean;
  /** How often they have opened: what their next claim must say. */
  readonly nonce: number;
  readonly emergencies: readonly Emergency[];
  readonly openings: readonly ListedOpening[];
}

export interface Explanation {
  readonly permitted: boolean;
  readonly reason: Reason;
  readonly code: ErrorCode | null;
  readonly because: DecisionRecord["because"];
  readonly segments: bigint;
  readonly purpose: Purpose;
}

export interface Access {
  /**
   * Decides and records. When it resolves the decision is durable; when it rejects with a reason's code the denial is. A
   * reader whom nothing connects with the twin is told NOT_FOUND, whether it exists or not; the record has the true
   * reason. Throws CHAIN_UNAVAILABLE or CHAIN_STALE when the chain cannot be seen: then nothing is decided and nothing permitted,
   * but reads by grants with continuity, for an hour (continuity.ts). `foresee` hears of a yes while it is being recorded.
   */
  authorize(asked: Asked, foresee?: (prospect: Prospect) => void): Promise<Permit>;
  /**
   * Whether what a permit rests on is still so: the chain has been seen within 2 s, and a decision made now would permit the
   * same, with the same labels. A permit that was given while the chain could not be seen holds until it is, and
   * no longer than its grant is honoured unseen.
   */
  holds(permit: Permit): Promise<boolean>;
  /** Records what was sent under a permit with a lease: first and last sequence, or nothing. Durable when it resolves. */
  close(permit: Permit, sequences: readonly [number, number] | null): Promise<void>;
  /**
   * Decides and records who asks to see a record, or a leaf that leads to no twin of theirs (`record` undefined). A record
   * is for the reader whom it names, who answered it, the steward of its device or twin, and whose data it is; everybody else is
   * told NOT_FOUND. Such an ask is for audit, whatever purpose the record was about. Throws CHAIN_UNAVAILABLE like `authorize`.
   */
  authorizeRecord(reader: Hex, record: LeafRecord | undefined): Promise<RecordPermit>;
  /** The same for a list of the decisions on a twin: whom they concern in whole, or in their own part. */
  authorizeList(reader: Hex, twin: Hex): Promise<ListPermit>;
  /** The same for the case of an opening of the glass. */
  authorizeOpening(reader: Hex, opening: Hex): Promise<OpeningPermit>;
  /** The openings of the glass that concern `by`, and what they may open. Throws CHAIN_UNAVAILABLE. */
  openings(by: Hex): Promise<OpeningsSeen>;
  /** Who can see a twin, and why, as far as it concerns `by`. Throws NOT_FOUND to whom it does not, CHAIN_UNAVAILABLE. */
  readers(by: Hex, twin: Hex): Promise<{ readonly at: number; readonly readers: readonly TwinReader[] }>;
  /** What would be decided now, and why; nothing is recorded. `by` may ask for another reader where it is the steward. */
  explain(asked: Asked, by: Hex): Promise<Explanation>;
}

export function createAccess(parts: AccessParts): Access {
  const { committer, chain, now, random, stream } = parts;

  /** Grants are judged by the chain's time: a clock of ours that is wrong must neither stretch one nor start or end it early. */
  const secondsAt = (view: ChainView): number =>
    chain.time?.() ?? Math.max(Math.floor(now() / 1000), view.head.timestamp);

  const answer = async (asked: Asked): Promise<Found> => weighed(await chain.fresh(), asked);

  /**
   * Where the chain cannot be seen: what it last said, for grants that have continuity. Throws why it cannot be seen for all others,
   * whatever would be the matter with them: it may have changed.
   */
  async function answerUnseen(asked: Asked, why: unknown): Promise<Found> {
    if (!isUnseen(why)) throw why;
    const view = chain.view();
    for (const { id } of continuedGrants(view, asked.reader, asked.twin, asked.grant)) {
      const found = await weighed(view, { ...asked, grant: id }).catch(() => undefined);
      if (found && continues(view, found.question, found.answer))
        return { ...found, notSeenSince: view.head.timestamp };
    }
    throw why;
  }

  async function weighed(view: ChainView, asked: Asked): Promise<Found> {
    const named = asked.grant === undefined ? {} : { grant: asked.grant };
    const open = { reader: asked.reader, twin: asked.twin, now: secondsAt(view), ...named };
    const purpose = asked.purpose ?? onlyPurpose(view, open);
    if (purpose === undefined) throw new TwinwardError("MALFORMED_REQUEST", { detail: "Name one purpose." });
    const segments = await maskOf(view, asked);
    const question: Question = {
      ...open,
      action: asked.action ?? "read",
      purpose,
      ...(segments === undefined ? {} : { segments }),
    };
    return { view, question, answer: weigh(view, question) };
  }

  /** Names that the device's model does not have (or a model that we do not have) are segments that nobody granted. */
  async function maskOf(view: ChainView, { twin, segments }: Asked): Promise<bigint | undefined> {
    if (segments === undefined || typeof segments === "bigint") return segments;
    const device = view.device(view.twin(twin)?.device ?? ZERO_32);
    const model = device && (await parts.model(device.modelHash));
    if (!model || !segments.every((name) => model.segments.some((segment) => segment.name === name))) return 0n;
    return segmentsMask(model, segments);
  }

  async function record(said: Omit<DecisionRecord, "format" | "stream" | "at" | "salt" | "permit">): Promise<Placed> {
    const permit = said.reason === "Permitted";
    const salt = toHex(random(16));
    const { text: body, content } = buildRecord({ format: "decision@1", stream, at: now(), salt, permit, ...said });
    return committer.submit(async () => ({
      entries: [{ kind: "record", leafKind: LEAF_KINDS.decision, subject: said.twin, body, content }],
      result: ([placed]) => placed as Placed,
    }));
  }

  /** Records who asks about records. Throws NOT_FOUND where they may not, when that is durable. */
  async function recordAudit(
    view: ChainView,
    reader: Hex,
    about: { readonly twin: Hex; readonly device: Hex } | undefined,
  ): Promise<void> {
    const { number, hash, timestamp } = view.head;
    await record({
      reader,
      // Who may not see it learns nothing from where the denial is kept: all of them are beside no twin.
      ...(about ?? { twin: ZERO_32, device: ZERO_32 }),
      action: "read",
      purpose: "audit",
      segments: "0",
      reason: about ? "Permitted" : "TwinUnknown",
      because: { grant: null, block: { number, hash, timestamp } },
      from: null,
      until: null,
    });
    if (!about) throw new TwinwardError("NOT_FOUND");
  }

  return {
    async authorize(asked, foresee) {
      const told = await answer(asked).catch((error: unknown) => answerUnseen(asked, error));
      const { view, question, answer: found, notSeenSince } = told;
      const prospect = prospectOf(asked, told);
      if (prospect) foresee?.(prospect);
      const placed = await record({
        reader: question.reader,
        twin: question.twin,
        device: found.twin?.device ?? ZERO_32,
        action: question.action,
        purpose: question.purpose,
        segments: found.segments.toString(),
        reason: found.reason,
        because: because(view, found),
        from: asked.from ?? null,
        until: asked.until ?? null,
        ...(notSeenSince !== undefined && { notSeenSince }),
        ...(asked.lease !== undefined && { lease: asked.lease }),
      });
      // From here on the decision outlives us. Dying now leaves a decision without an answer: it claims a read that did
      // not happen, never the other way round.
      if (!prospect) throw denial(found);
      const { leaf, position, sequence } = placed;
      return permit({ ...prospect, decision: { leaf, position, sequence } });
    },

    async holds({ terms }) {
      const { reader, action, purpose, segments, grant, opening, notSeenSince } = terms;
      const seen = await chain.fresh().catch((error: unknown) => {
        if (!isUnseen(error)) throw error;
      });
      if ((seen === undefined) !== (notSeenSince !== undefined)) return false;
      const view = seen ?? chain.view();
      const ground = grant ?? opening;
      const named = ground === undefined ? {} : { grant: ground };
      const question = { reader, twin: terms.twin.id, action, purpose, segments, now: secondsAt(view), ...named };
      const found = weigh(view, question);
      const { reason, device, assignment } = found;
      return (
        reason === "Permitted" &&
        // Time goes on while nobody sees the chain: the grant may be over, or the hour.
        (seen !== undefined || continues(view, question, found)) &&
        device !== undefined &&
        distrustOf(device)?.verdict === terms.distrusted?.verdict &&
        (assignment?.end ?? null) === terms.end &&
        changesOf(view, device.id).length === terms.changes.length
      );
    },

    async close({ terms }, sequences) {
      const { reader, twin, device, action, purpose, segments, grant, opening, block, from, until, decision } = terms;
      const { number, hash, timestamp } = block;
      await record({
        ...{ reader, twin: twin.id, device: device.id, action, purpose, segments: segments.toString(), from, until },
        reason: "Permitted",
        because: { grant, ...(opening && { opening }), block: { number, hash, timestamp } },
        closes: { decision: decision.leaf, sequences },
      });
    },

    async authorizeRecord(reader, asked) {
      const view = await chain.fresh();
      const ids = [asked?.twin, asked?.device, asked?.scope].map((id) => (isHex(id, 32) ? id : ZERO_32));
      const [twin, device, scope] = ids as [Hex, Hex, Hex];
      // An erasure names no twin, but the assignment whose data was erased.
      const { subject, guardian } = view.assignment(scope) ?? {};
      const persons = [asked?.reader, asked?.by, view.device(device)?.steward, subject, guardian];
      const named = [...persons, asked && stewardAsked(view, asked)];
      const opening = openingNamed(view, asked);
      const isCase = opening !== undefined && concernsOpening(view, reader, opening, secondsAt(view));
      const permitted = named.includes(reader) || isCase || concernOf(view, reader, twin) === "whole";
      await recordAudit(view, reader, permitted ? { twin, device } : undefined);
      return { view };
    },

    async authorizeList(reader, twin) {
      const view = await chain.fresh();
      const concern = concernOf(view, reader, twin);
      await recordAudit(view, reader, concern && { twin, device: view.twin(twin)?.device ?? ZERO_32 });
      return { view, twin, reader, concern: concern ?? "own" };
    },

    async authorizeOpening(reader, id) {
      const view = await chain.fresh();
      const at = secondsAt(view);
      const found = view.opening(id);
      const listed = found && concernsOpening(view, reader, found, at) ? toListed(view, reader, found, at) : undefined;
      await recordAudit(view, reader, listed && { twin: listed.opening.twin, device: listed.device });
      // Without it that has thrown.
      if (!listed) throw new TwinwardError("NOT_FOUND");
      return { view, twin: listed.opening.twin, reader, concern: "own", opening: id, at, listed };
    },

    async openings(by) {
      const view = await chain.fresh();
      const at = secondsAt(view);
      return {
        at,
        grantsPaused: view.grantsPaused,
        nonce: view.openings().filter(({ opener }) => opener === by).length,
        emergencies: emergenciesFor(view, by, at),
        openings: openingsFor(view, by, at),
      };
    },

    async readers(by, twin) {
      const view = await chain.fresh();
      const concern = concernOf(view, by, twin);
      if (concern === undefined) throw new TwinwardError("NOT_FOUND");
      const at = secondsAt(view);
      return { at, readers: readersOf(view, twin, at, concern === "whole" ? undefined : by) };
    },

    async explain(asked, by) {
      // Before anything else is said: whether a purpose fits, or a name is a segment's, tells that the twin exists.
      const seen = await chain.fresh();
      const mayAsk = by === asked.reader ? !isStranger(seen, by, asked.twin) : stewardOf(seen, asked.twin) === by;
      if (!mayAsk) throw new TwinwardError("NOT_FOUND");
      const { view, question, answer: found } = await answer(asked);
      return {
        permitted: found.reason === "Permitted",
        reason: found.reason,
        code: found.reason === "Permitted" ? null : codeOf(found.reason),
        because: because(view, found),
        segments: found.segments,
        purpose: question.purpose,
      };
    },
  };
}

/** The opening of the glass that a record is a step of, or a decision under. */
function openingNamed(view: ChainView, asked: LeafRecord | undefined): OpeningFact | undefined {
  const because = asked?.because;
  const under = typeof because === "object" && because !== null && "opening" in because ? because.opening : undefined;
  const id = asked?.format === "step@1" ? asked.opening : under;
  return isHex(id, 32) ? view.opening(id) : undefined;
}

/** The steward of the twin that a request names. */
function stewardAsked(view: ChainView, { asked }: LeafRecord): Hex | undefined {
  const twin = typeof asked === "object" && asked !== null && "twin" in asked ? asked.twin : undefined;
  return isHex(twin, 32) ? stewardOf(view, twin) : undefined;
}

function because(view: ChainView, found: Answer): DecisionRecord["because"] {
  const { number, hash, timestamp } = view.head;
  return {
    grant: found.grant?.id ?? null,
    ...(found.opening && { opening: found.opening.id }),
    block: { number, hash, timestamp },
  };
}

/** What the reader is told. A stranger's answer holds nothing of the ask, so that all of them are the same bytes. */
function denial({ stranger, reason, grant }: Answer): TwinwardError {
  if (stranger) return new TwinwardError("NOT_FOUND");
  return new TwinwardError(codeOf(reason), grant ? { grant: grant.id } : {});
}

/** `GrantExpired` → `GRANT_EXPIRED`: one word from the EVM to the console. */
export function codeOf(reason: Reason): ErrorCode {
  return reason.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase() as ErrorCode;
}
