import { appendFileSync } from "node:fs";
import type { Ack } from "../../protocol/ack.ts";
import { ZERO_32, type Hex } from "../../protocol/bytes.ts";
import { ERRORS, TwinwardError } from "../../protocol/errors.ts";
import { es256Signer } from "../../protocol/es256.ts";
import { buildReading, parseReading } from "../../protocol/reading.ts";
import { isHeld, isRefusal, type ReadingAnswer } from "../../protocol/refusal.ts";
import { openJournal, type Journal, type JournalState, type StoredReading } from "../../lab/journal.ts";
import { deviceKey, type DeviceFile } from "./device-file.ts";
import { fresh } from "./key-file.ts";
import type { MappedRow } from "./map-rows.ts";

const PER_REQUEST = 64;
const RETRY_MS = 250;

/** A row and the period [from, to) that its reading covers, ms. */
export interface TimedRow {
  readonly row: MappedRow;
  readonly per: readonly [number, number];
}

export interface Replayed {
  readonly sent: number;
  readonly accepted: number;
  /** Code → how many. */
  readonly refused: ReadonlyMap<string, number>;
}

export interface ReplayPlan {
  readonly device: DeviceFile & { readonly device: Hex };
  /** Where the journal lies: what was signed outlives a crash of ours, and is sent again with the same bytes. */
  readonly journalDirectory: string;
  /** Sends readings; rejects where nobody answered. */
  readonly post: (readings: string[]) => Promise<readonly ReadingAnswer<Ack>[]>;
  /** How long a silent server is waited for before giving up, ms. */
  readonly patienceMs: number;
  /** Acks are appended here, one a line. */
  readonly acksFile?: string | undefined;
  readonly progress: (accepted: number) => void;
}

/** Signs rows as readings and sends them in order, 64 to a request, each request until it is answered. */
export async function replayRows(rows: AsyncIterable<TimedRow>, plan: ReplayPlan): Promise<Replayed> {
  const journal = openJournal(plan.device.device, plan.journalDirectory);
  let state = journal.load() ?? { next: 1, gap: 0, prev: ZERO_32, acked: undefined, waiting: [] };
  const tally = { sent: 0, accepted: 0, refused: new Map<string, number>() };

  state = await deliver(state, journal, plan, tally);
  let chunk: TimedRow[] = [];
  const flush = async (): Promise<void> => {
    state = await sign(state, chunk, journal, plan.device);
    state = await deliver(state, journal, plan, tally);
    chunk = [];
  };
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length === PER_REQUEST) await flush();
  }
  if (chunk.length > 0) await flush();
  return tally;
}

/** Signs a chunk and stores it: from here on these sequences have these bytes, whatever happens. */
async function sign(
  state: JournalState,
  chunk: readonly TimedRow[],
  journal: Journal,
  device: ReplayPlan["device"],
): Promise<JournalState> {
  const signer = es256Signer(deviceKey(device));
  const waiting: StoredReading[] = [];
  let { next, gap, prev } = state;
  for (const { row, per } of chunk) {
    const text = await buildReading(
      {
        device: device.device,
        kid: device.number,
        sequence: next,
        gap,
        per,
        iat: Math.floor(per[1] / 1000),
        model: device.model.name,
        prev,
        segments: device.model.segments.map(({ name, unit }) => {
          const value = row.values.get(name) ?? null;
          return { name, unit, t: value === null ? [] : [0], v: value === null ? [] : [value] };
        }),
        salt: () => fresh(16),
      },
      signer,
    );
    const { content } = parseReading(text);
    waiting.push({ sequence: next, content, text });
    next += 1;
    gap = 0;
    prev = content;
  }
  const signed: JournalState = { ...state, next, gap, prev, waiting };
  journal.store(signed);
  return signed;
}

/** Sends what waits until every reading has its answer. */
async function deliver(
  state: JournalState,
  journal: Journal,
  plan: ReplayPlan,
  tally: { sent: number; accepted: number; refused: Map<string, number> },
): Promise<JournalState> {
  let waiting = state.waiting;
  tally.sent += waiting.length;
  const deadline = (): number => performance.now() + plan.patienceMs;
  let until = deadline();
  while (waiting.length > 0) {
    const answers = await plan.post(waiting.map(({ text }) => text)).catch(async (error: unknown) => {
      if (performance.now() > until || !isTransient(error)) throw error;
      return undefined;
    });
    if (answers === undefined) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      continue;
    }
    const again: StoredReading[] = [];
    for (const [index, reading] of waiting.entries()) {
      const answer = answers[index];
      if (answer === undefined || isHeld(answer)) again.push(reading);
      else if (isRefusal(answer)) {
        if (ERRORS[answer.code].status === 503 || answer.code === "DEVICE_UNKNOWN") again.push(reading);
        else tally.refused.set(answer.code, (tally.refused.get(answer.code) ?? 0) + 1);
      } else {
        tally.accepted += 1;
        if (plan.acksFile !== undefined) appendFileSync(plan.acksFile, `${JSON.stringify(answer)}\n`);
      }
    }
    plan.progress(tally.accepted);
    if (again.length < waiting.length) until = deadline();
    if (again.length > 0) {
      if (performance.now() > until)
        throw new TwinwardError("OVERLOADED", { detail: "The gateway kept asking to come back later." });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    waiting = again;
  }
  const done: JournalState = { ...state, waiting: [] };
  journal.store(done);
  return done;
}

/** Nobody answered, or the answer was to come back later. */
function isTransient(error: unknown): boolean {
  if (error instanceof TwinwardError) return ERRORS[error.code].status === 503;
  return error instanceof TypeError;
}
