import { useEffect, useState } from "react";
import type { Client } from "../../sdk/client.ts";
import { readDevices, type Fleet } from "./read-devices.ts";

/** Pause (ms) between an answer and the next question. */
const POLL_EVERY = 2_000;
/** An answer that takes longer (ms) counts as none. */
const ANSWER_WITHIN = 5_000;

/** What the page knows: the last good answer and when it came (ms, the page's monotonic clock), and what went wrong since. */
export interface Followed {
  fleet?: Fleet;
  receivedAt?: number;
  failure?: { words: string; since: number };
  /** The server tells only whoever has signed in. */
  closed?: true;
}

/**
 * Asks GET /v1/devices again and again, as `client` where somebody has signed in. A failure never hides the last answer, and never
 * goes unsaid; what another person was told is forgotten.
 */
export function useFleet(client: Client | undefined): Followed {
  const [followed, setFollowed] = useState<Followed>({});

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    let asking = false;

    const ask = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      clearTimeout(timer);
      const next = await askOnce(client);
      asking = false;
      if (over) return;
      setFollowed((last) =>
        "fleet" in next || "closed" in next
          ? next
          : { ...last, failure: { words: next.words, since: last.failure?.since ?? performance.now() } },
      );
      // A server that keeps its fleet to itself goes on doing so until somebody signs in.
      if (!("closed" in next)) timer = setTimeout(() => void ask(), POLL_EVERY);
    };
    // A hidden tab's timers are slowed down: ask at once when somebody looks again.
    const seen = (): void => {
      if (!document.hidden) void ask();
    };

    document.addEventListener("visibilitychange", seen);
    setFollowed({});
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [client]);

  return followed;
}

type Told = { fleet: Fleet; receivedAt: number } | { closed: true } | { words: string };

async function askOnce(client: Client | undefined): Promise<Told> {
  try {
    if (client !== undefined) return { fleet: readDevices(await client.devices()), receivedAt: performance.now() };
    const response = await fetch("v1/devices", { signal: AbortSignal.timeout(ANSWER_WITHIN), cache: "no-store" });
    if (response.status === 401) return { closed: true };
    if (!response.ok) return { words: `it answered with status ${response.status}` };
    return { fleet: readDevices(await response.json()), receivedAt: performance.now() };
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return { words: `no answer within ${ANSWER_WITHIN / 1000} s` };
    }
    const code = codeOf(error);
    if (code !== undefined && code !== "SERVER_UNREACHABLE") return { words: `it refuses with ${code}` };
    if (code !== undefined || error instanceof TypeError) return { words: "it cannot be reached" };
    return { words: `its answer is not understood: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Of what a client throws (TwinwardError), without bringing all that it knows into this page. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The page's monotonic clock (ms), once a second. */
export function useNow(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
