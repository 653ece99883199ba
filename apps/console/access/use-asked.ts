import { useCallback, useEffect, useRef, useState } from "react";
import type { ReaderSession } from "../session/start-session.ts";
import { askTwins, type Known } from "./known-twins.ts";

export type Asked<T> =
  | { readonly kind: "asking" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "known"; readonly known: T };

/** Asks once, and again whenever `again` is called; what was known stays until the next answer. */
export function useAsked<T>(ask: () => Promise<T>): { asked: Asked<T>; again: () => Promise<void> } {
  const [asked, setAsked] = useState<Asked<T>>({ kind: "asking" });
  const newest = useRef(0);
  const again = useCallback(async (): Promise<void> => {
    // An answer that comes after another question is of something else than what is shown.
    const mine = ++newest.current;
    const told = await ask().then(
      (known): Asked<T> => ({ kind: "known", known }),
      (error: unknown): Asked<T> => ({ kind: "failed", error }),
    );
    if (mine === newest.current) setAsked(told);
  }, [ask]);
  useEffect(() => void again(), [again]);
  return { asked, again };
}

/** The twins of whoever is signed in, with their documents. */
export function useTwins(session: ReaderSession): { asked: Asked<Known>; again: () => Promise<void> } {
  return useAsked(useCallback(() => askTwins(session), [session]));
}

/** The server's time (seconds), told anew every second. */
export function useNow(clock: number): number {
  const [now, setNow] = useState(() => clock + performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(clock + performance.now()), 1_000);
    return () => clearInterval(timer);
  }, [clock]);
  return Math.floor(now / 1000);
}
