import { TwinwardError, type Hex, type Purpose } from "../../../protocol/index.ts";
import type { HistoryPage } from "../../sdk/answers.ts";
import type { Client } from "../../sdk/client.ts";
import { mergeReadings, unsettledFrom } from "./merge-readings.ts";
import { readReading, type TwinReading } from "./read-reading.ts";

/** Pause (ms) between an answer and the next question: the interval in which a gateway seals what it accepted. */
const ASK_EVERY = 1_000;
/** The server's clock is looked at this often (ms). */
const CLOCK_EVERY = 60_000;
/** Readings in one answer. */
const PAGE = 1_000;
/** Reading answers holds the page up for at most about this long (ms) in one go. */
const SLICE = 8;

/** What may pass by itself; all else is an answer that asking again will not change. */
const PASSING = new Set(["SERVER_UNREACHABLE", "CHAIN_UNAVAILABLE", "OVERLOADED", "INTERNAL"]);

export interface TwinAsk {
  readonly client: Client;
  readonly twin: Hex;
  readonly purpose: Purpose;
  /** How far back to look, ms. */
  readonly reach: number;
}

/** What the page knows of a twin. */
export interface FollowedTwin {
  readonly readings: readonly TwinReading[];
  /** The last answer without its readings: names, distrust, the decision. */
  readonly answer?: Omit<HistoryPage, "readings" | "next">;
  /** The first pages are still coming. */
  readonly loading: boolean;
  /** The page's monotonic clock (ms) at the last good answer. */
  readonly answeredAt?: number;
  /** The server's clock (ms) less the page's monotonic one, as last looked at. */
  readonly clock?: number;
  /** Why there is no newer answer. `final`: it is not asked again. */
  readonly failure?: undefined | { readonly error: unknown; readonly final: boolean };
}

/** A running question. */
export interface Following {
  /** Asks no more until `resume`; each look is recorded, and nobody is looking. */
  pause(): void;
  resume(): void;
  stop(): void;
}

/** Asks for a twin's history again and again, telling each time what is known. A failure never hides what is known. */
export function followTwin({ client, twin, purpose, reach }: TwinAsk, tell: (known: FollowedTwin) => void): Following {
  let known: FollowedTwin = { readings: [], loading: true };
  let clockAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  let paused = false;
  let over = false;

  const learn = (more: Partial<FollowedTwin>): void => {
    known = { ...known, ...more };
    if (!over) tell(known);
  };

  async function lookAtClock(): Promise<number> {
    if (known.clock !== undefined && performance.now() - clockAt < CLOCK_EVERY) return known.clock;
    const { at } = await client.devices();
    clockAt = performance.now();
    learn({ clock: at - clockAt });
    return at - clockAt;
  }

  /** One round: from the first reading that may have come further on its road to the newest. */
  async function round(): Promise<void> {
    const cutoff = (await lookAtClock()) + performance.now() - reach;
    let from: number | undefined = unsettledFrom(known.readings);
    for (;;) {
      const place: object = from === undefined ? { since: Math.max(0, Math.floor(cutoff)) } : { fromSequence: from };
      const { readings, next, ...answer } = await client.history(twin, { purpose, limit: PAGE, ...place });
      const came = await readSliced(readings, answer.device);
      if (over) return;
      // A verdict flags every value, also those that are held already: then all of them are asked for again.
      const turned = known.answer !== undefined && !known.answer.distrusted !== !answer.distrusted;
      learn({
        readings: mergeReadings(known.readings, came, cutoff),
        answer,
        answeredAt: performance.now(),
        loading: known.loading && next !== null,
        failure: undefined,
      });
      if ((next === null && !turned) || paused) return;
      from = turned ? undefined : (next ?? undefined);
    }
  }

  async function ask(): Promise<void> {
    if (asking || over || paused) return;
    asking = true;
    clearTimeout(timer);
    let final = false;
    try {
      await round();
    } catch (error) {
      final = !(error instanceof TwinwardError && PASSING.has(error.code));
      learn({ failure: { error, final } });
    }
    asking = false;
    if (!over && !final) timer = setTimeout(() => void ask(), ASK_EVERY);
  }

  void ask();
  return {
    pause() {
      paused = true;
      clearTimeout(timer);
    },
    resume() {
      paused = false;
      if (known.failure?.final !== true) void ask();
    },
    stop() {
      over = true;
      clearTimeout(timer);
    },
  };
}

/** Reads an answer's readings, letting the browser draw in between. */
async function readSliced(rows: HistoryPage["readings"], device: Hex): Promise<TwinReading[]> {
  const read: TwinReading[] = [];
  let began = performance.now();
  for (const row of rows) {
    read.push(readReading(row, device));
    if (performance.now() - began < SLICE) continue;
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  }
  return read;
}
