import type { Ack } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { ERRORS, TwinwardError } from "../../protocol/errors.ts";
import type { Line } from "../../protocol/line.ts";
import { READING_LIMITS } from "../../protocol/reading.ts";
import type { ReadingAnswer } from "../../protocol/refusal.ts";
import { systemClock, type Clock } from "../chain/clock.ts";
import { requireOpenStream } from "../chain/require-open-stream.ts";
import { scopesOf } from "../chain/scopes-of.ts";
import type { Chain } from "../chain/view.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { monthOf } from "../keys/sealed-reading.ts";
import type { Committer } from "../store/committer.ts";
import type { Database } from "../store/database.ts";
import { AckReader } from "../store/read-acks.ts";
import { readHeads } from "../store/read-readings.ts";
import { refuse, toAnswer } from "./answers.ts";
import { Backlog, type BacklogLimits } from "./backlog.ts";
import { checkText, type CheckReport } from "./check.ts";
import { findKey, Models } from "./expected.ts";
import { hasWaited, HoldClock } from "./hold-clock.ts";
import { NO_HEAD, type Head } from "./order.ts";
import type { Candidate, Settled } from "./place-readings.ts";
import { Placer } from "./placer.ts";
import { reopenHeld, type Reopened } from "./reopen.ts";
import { VerifyPool, type PoolOptions, type Unverified, type Verifier } from "./verify-pool.ts";
import { readClaim, type VerifiedReading } from "./verify-reading.ts";

export type { CheckReport } from "./check.ts";

/** ack@1, refusal@1, or `{held, expected}`. */
export type Answer = ReadingAnswer<Ack>;

export interface GatewayParts {
  readonly database: Database;
  readonly committer: Committer;
  readonly keys: KeyStore;
  readonly chain: Pick<Chain, "view" | "consortium">;
  readonly stream: Hex;
  /** The stream with those that it succeeds; left out where it succeeds none. */
  readonly line?: Line;
  /** Milliseconds. */
  readonly now: () => number;
  /** How long readings are held goes by it. */
  readonly clock?: Clock;
  readonly pool?: PoolOptions;
  /** What verifies readings; a pool of threads where it is left out. */
  readonly verifier?: Verifier;
  /** What may wait for its answer at once, readings asked about by `check` included. */
  readonly maxWaiting?: BacklogLimits;
  /** Other gateways have the same database: what one of them holds another one may release. */
  readonly shared?: boolean;
  /** How long a reading is held, ms (default 10 000), and how many per device (default 64). */
  readonly holdMs?: number;
  readonly maxHeld?: number;
  /** Throws DISK_NEARLY_FULL. What is left of the disk is for anchoring what was acked, and for reads. */
  readonly requireRoom?: () => void;
  /** Told what befell held readings that were let go because they waited too long, and internal failures. */
  readonly report?: (error: unknown) => void;
}

export interface Gateway {
  /**
   * Answers readings in their order; every ack among the answers is durable. With `via.device` only that device's readings are
   * taken. Throws OVERLOADED, STREAM_SUSPENDED or STREAM_FENCED, DISK_NEARLY_FULL for all of them together, and whatever the database throws: then nothing was promised.
   */
  accept(texts: readonly string[], via?: { readonly device?: Hex }): Promise<Answer[]>;
  /** What would become of a reading now, check by check; stores nothing. Throws OVERLOADED. */
  check(text: string): Promise<CheckReport>;
  /** Answers that nobody waits for: held readings released or let go. The result ends the subscription. */
  onAnswer(listener: (device: Hex, answer: Answer) => void): () => void;
  close(): Promise<void>;
}

/** A text with the time it came in, ms, and the one device whose it may be, where that is known. */
interface Incoming {
  readonly text: string;
  readonly receivedAt: number;
  readonly device?: Hex;
}

/** Takes readings: authentic or refused, then in their place, then durable, then acked. */
export function createGateway(parts: GatewayParts): Gateway {
  const { database, committer, keys, chain, now, clock = systemClock } = parts;
  const { chainId, contracts } = chain.consortium;
  const models = new Models(database);
  const { stream, line } = parts;
  const acks = new AckReader({ chainId, anchorLog: contracts.AnchorLog, stream, ...(line && { line }) });
  const pool = parts.verifier ?? new VerifyPool(parts.pool);
  const backlog = new Backlog(parts.maxWaiting);
  const listeners = new Set<(device: Hex, answer: Answer) => void>();
  const holdMs = parts.holdMs ?? 10_000;
  const reopening = { database, keys, verify, ...(parts.report && { report: parts.report }) };
  const reopen = (candidates: readonly Candidate[]): Promise<Reopened> => reopenHeld(reopening, candidates);
  const holdClock = new HoldClock(now, () => clock.now(), holdMs);
  const placer = new Placer({
    committer,
    keys,
    scopesOf: (device) => scopesOf(chain.view(), device),
    holdClock,
    maxHeld: parts.maxHeld ?? 64,
    reopen,
    shared: parts.shared ?? false,
  });
  let closed = false;
  let turn: Promise<void> = Promise.resolve();

  function fail(error: unknown): TwinwardError {
    parts.report?.(error);
    return new TwinwardError("INTERNAL", {}, error);
  }

  /** The reading with what it must be verified against, or why it is refused already. */
  async function prepare({ text, device, receivedAt }: Incoming): Promise<Unverified | TwinwardError> {
    try {
      if (text.length > READING_LIMITS.characters)
        throw new TwinwardError("READING_TOO_LARGE", { characters: text.length });
      const claim = readClaim(text);
      if (!claim) return { text, receivedAt };
      if (device !== undefined && claim.device !== device) throw new TwinwardError("TOPIC_NOT_YOURS", { device });
      const { key, modelHash } = findKey(chain.view(), claim);
      const model = await models.get(modelHash);
      return { text, receivedAt, expected: { claim, key: { x: key.x, y: key.y }, model } };
    } catch (error) {
      if (!(error instanceof TwinwardError)) return fail(error);
      // It says nothing about the reading: whoever sent it, or others with it, sends all of it again.
      if (ERRORS[error.code].status >= 500) throw error;
      return error;
    }
  }

  async function verify(incoming: readonly Incoming[]): Promise<(VerifiedReading | TwinwardError)[]> {
    const prepared = await Promise.all(incoming.map(prepare));
    const outcomes = await pool.verify(prepared.filter(isNoError));
    let at = 0;
    return prepared.map((each) =>
      each instanceof TwinwardError ? each : (outcomes[at++] ?? new TwinwardError("INTERNAL")),
    );
  }

  /** Verified, and each data key on disk before anything is sealed with it: a key lost in a crash would be data lost. */
  async function ready(texts: readonly string[], via: Hex | undefined): Promise<(Candidate | TwinwardError)[]> {
    const receivedAt = now();
    const outcomes = await verify(
      texts.map((text) => ({ text, receivedAt, ...(via !== undefined && { device: via }) })),
    );
    const verified = outcomes.map((each, i) => (isNoError(each) ? toCandidate(each, texts[i] ?? "") : each));
    await Promise.all(verified.filter(isNoError).map(({ scope, month }) => keys.ensure(scope, month)));
    return verified;
  }

  function toCandidate(reading: VerifiedReading, text: string): Candidate {
    const assignment = chain.view().assignmentAt(reading.device, reading.sequence);
    return { ...reading, text, scope: assignment?.id ?? reading.device, month: monthOf(reading.per[0]) };
  }

  async function accept(texts: readonly string[], via?: { readonly device?: Hex }): Promise<Answer[]> {
    // Threads and new data keys finish in any order; requests are placed in the order in which they came, or a device that sends without
    // waiting would find its own readings held.
    const before = turn;
    const readying = ready(texts, via?.device);
    // It resolves to nothing: each turn's value would hold the one before it, and so every reading since the start.
    turn = Promise.allSettled([before, readying]).then(() => undefined);
    await before;
    const verified = await readying;
    const candidates = verified.filter(isNoError);
    const settled: Settled =
      candidates.length > 0 ? await placer.place(candidates) : { fates: [], heads: new Map(), aside: [] };
    const known = await acks.read(
      database,
      settled.fates.flatMap((fate) => (fate.kind === "known" ? [fate.position] : [])),
    );
    const time = now();
    for (const { device, sequence, fate } of settled.aside) {
      tell(device, toAnswer({ device, sequence }, fate, settled.heads.get(device) ?? NO_HEAD, known, time));
    }
    const heads = await headsOf(texts, verified, settled);
    let at = 0;
    return verified.map((each, i) => {
      if (each instanceof TwinwardError) return refuse(each, heads.get(claimed(texts[i])));
      const fate = settled.fates[at++] ?? { kind: "refused", code: "INTERNAL" };
      return toAnswer(each, fate, heads.get(each.device) ?? NO_HEAD, known, time);
    });
  }

  /** Heads of every device that a refusal must tell where to go on, unknown devices left out. */
  async function headsOf(
    texts: readonly string[],
    verified: readonly (Candidate | TwinwardError)[],
    settled: Settled,
  ): Promise<Map<Hex, Head>> {
    const heads = new Map(settled.heads);
    const missing = verified.flatMap((each, i) => (each instanceof TwinwardError ? [claimed(texts[i])] : []));
    const view = chain.view();
    const devices = [...new Set(missing)].filter((device) => !heads.has(device) && view.device(device));
    const found = await readHeads(database, devices);
    for (const device of devices) heads.set(device, found.get(device) ?? NO_HEAD);
    return heads;
  }

  function tell(device: Hex, answer: Answer): void {
    for (const listener of listeners) listener(device, answer);
  }

  async function expire(): Promise<void> {
    const waited = holdClock.waited();
    let ends: { first: number | null; last: number | null } | undefined;
    await placer.look(async () => {
      const sql = "select min(received_at) as first, max(received_at) as last from held";
      [ends] = await database.query<{ first: number | null; last: number | null }>(sql);
      return (ends?.first ?? null) === null;
    });
    if (![ends?.first, ends?.last].some((at) => typeof at === "number" && hasWaited(at, waited))) return;
    const { aside, heads } = await placer.place([]);
    for (const { device, sequence, fate } of aside) {
      tell(device, toAnswer({ device, sequence }, fate, heads.get(device) ?? NO_HEAD, new Map(), now()));
    }
  }

  let expiring: Promise<void> | undefined;
  let cancelLook: () => void = () => undefined;
  const planLook = (): void => {
    if (closed) return;
    cancelLook = clock.after(Math.min(1_000, holdMs / 4), () => {
      expiring = (placer.mayHold ? expire() : Promise.resolve())
        .catch((error: unknown) => parts.report?.(error))
        .then(planLook);
    });
  };
  planLook();

  /** Refuses what is too much before anything is done for it. */
  async function take<T>(texts: readonly string[], work: () => Promise<T>): Promise<T> {
    if (closed) throw new TwinwardError("OVERLOADED");
    return backlog.hold(texts, work);
  }

  return {
    accept: async (texts, via) => {
      // Who knows that it cannot keep a promise makes none: an ack names when it will be anchored.
      requireOpenStream(chain.view(), stream);
      parts.requireRoom?.();
      return take(texts, () => accept(texts, via));
    },
    check: (text) => take([text], () => checkText({ database, models, pool, chain, now }, text)),
    onAnswer: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      closed = true;
      cancelLook();
      await expiring;
      await pool.close();
      await placer.idle();
    },
  };
}

function isNoError<T extends object>(value: T | TwinwardError): value is T {
  return !(value instanceof TwinwardError);
}

function claimed(text = ""): Hex {
  return readClaim(text)?.device ?? "0x";
}
