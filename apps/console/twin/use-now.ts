import { useEffect, useState } from "react";
import type { TwinState } from "../../sdk/answers.ts";
import type { ReaderSession } from "../session/start-session.ts";
import type { ChosenTwin } from "./choose-twin.tsx";

/** Pause (ms) between an answer and the next question; each is a decision on record. */
const ASK_EVERY = 2_000;

/** What was answered last, and what went wrong since. */
export interface Now {
  readonly state?: TwinState;
  /** The page's monotonic clock (ms) when it came. */
  readonly came: number;
  readonly error?: unknown;
}

/** Asks what a twin says, again and again while the page is looked at. A failure leaves what was known. */
export function useTwinNow({ client }: ReaderSession, { twin, purpose }: ChosenTwin): Now {
  const [now, setNow] = useState<Now>({ came: 0 });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const ask = async (): Promise<void> => {
      try {
        if (!document.hidden) {
          const state = await client.state(twin.twin, { purpose });
          if (!over) setNow({ state, came: performance.now() });
        }
      } catch (error) {
        if (!over) setNow((known) => ({ ...known, error }));
      }
      if (!over) timer = setTimeout(() => void ask(), ASK_EVERY);
    };
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [client, twin.twin, purpose]);
  return now;
}

/** The page's monotonic clock (ms), told anew every second. */
export function useClock(): number {
  const [clock, setClock] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setClock(performance.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return clock;
}
