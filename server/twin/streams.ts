import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Access, Asked } from "../access/authorize.ts";
import type { Permit } from "../access/permit.ts";
import type { Heads } from "./heads.ts";
import type { Reader, Step } from "./history.ts";
import type { ScopedTwin } from "./scope.ts";

/** A decision on a live stream is good for so long at most, seconds. */
const LEASE_SECONDS = 60;
/** Readings or releases in one step: what is loaded and not taken yet is never more. */
const STEP = { live: 32, whole: 200 };
/** A reader's streams, and everybody's, on one server. */
const MOST_OF_ONE = 8;
const MOST = 1_000;
/** A twin with a delay is looked at so often, ms; others when there is something new. */
const DELAYED_EVERY_MS = 1_000;
/** Silence is broken after so long, ms: whoever hears nothing for longer knows that nobody is there. */
const BEAT_EVERY_MS = 15_000;

/** Where a stream begins; the present, where nothing is said. A place as `Reader.next` has it. */
export interface StreamAsk extends Asked {
  readonly after?: number;
  /** It ends when everything that there is has been said, and each thing comes with its receipt: for an export. */
  readonly whole?: boolean;
}

/** What a live stream consists of. Nothing of a twin is in it but scoped twins. */
export type StreamPart =
  /** A decision was made and is durable; what comes rests on it. The twin is empty: it says whose and which. */
  | { readonly kind: "lease"; readonly twin: ScopedTwin; readonly seconds: number; readonly at: number }
  | { readonly kind: "page"; readonly twin: ScopedTwin }
  /** Everything that there was has been said, up to this place: whoever comes again goes on after it. */
  | { readonly kind: "live"; readonly at: number }
  /** Nothing has happened. */
  | { readonly kind: "beat" };

export interface StreamParts {
  readonly access: Pick<Access, "authorize" | "holds" | "close">;
  readonly reader: Pick<Reader, "next" | "present">;
  readonly heads: Heads;
  /** Told of a closing that could not be recorded. */
  readonly report: (error: unknown) => void;
  /** A clock that nobody sets, ms. */
  readonly clock?: () => number;
  /** LEASE_SECONDS, where left out. */
  readonly leaseSeconds?: number;
}

export interface Streams {
  /**
   * A twin as it comes, until `signal` says otherwise, with its reason. Taking the next part says that there is room for it:
   * nothing is loaded before. Throws as `authorize` and `Reader.next`, before the first part or after any; STREAMS_TOO_MANY.
   */
  follow(asked: StreamAsk, signal: AbortSignal): AsyncGenerator<StreamPart>;
  /** Every stream ends by it. */
  readonly ending: AbortSignal;
  /** Ends every stream; resolves when each is closed by what it has sent. */
  close(): Promise<void>;
}

/** What was sent under one lease. */
class Lease {
  readonly permit: Permit;
  readonly endsAt: number;
  #first: number | undefined;
  #last = 0;

  constructor(permit: Permit, endsAt: number) {
    this.permit = permit;
    this.endsAt = endsAt;
  }

  /** Counted before it leaves: what is recorded claims more than was sent, never less. */
  count({ sequence }: { readonly sequence: number }): void {
    // Releases come in the order of time, and have their sequences in the order in which they were drawn.
    this.#first = Math.min(this.#first ?? sequence, sequence);
    this.#last = Math.max(this.#last, sequence);
  }

  get sequences(): readonly [number, number] | null {
    return this.#first === undefined ? null : [this.#first, this.#last];
  }
}

/**
 * Live streams. Each goes on by leases: a decision, durable before anything is shown by it, made anew when its time is over and
 * whenever the chain says something else than it rests on; looked after before each step, and at least every few hundred ms.
 */
export function createStreams(parts: StreamParts): Streams {
  const { access, reader, heads, report, clock = () => performance.now(), leaseSeconds = LEASE_SECONDS } = parts;
  const open = new Map<Hex, number>();
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  const all = (): number => [...open.values()].reduce((sum, n) => sum + n, 0);

  async function* follow(
    { after, whole = false, ...asked }: StreamAsk,
    given: AbortSignal,
  ): AsyncGenerator<StreamPart> {
    const { reader: who } = asked;
    const mine = open.get(who) ?? 0;
    if (mine >= MOST_OF_ONE) throw new TwinwardError("STREAMS_TOO_MANY", { most: MOST_OF_ONE });
    if (all() >= MOST) throw new TwinwardError("OVERLOADED");
    const signal = AbortSignal.any([given, ending.signal]);
    signal.throwIfAborted();
    open.set(who, mine + 1);
    const over = Promise.withResolvers<void>();
    running.add(over.promise);
    try {
      yield* leases(asked, { after, whole }, signal);
    } finally {
      const left = (open.get(who) ?? 1) - 1;
      if (left > 0) open.set(who, left);
      else open.delete(who);
      running.delete(over.promise);
      over.resolve();
    }
  }

  async function* leases(
    asked: Asked,
    { after, whole }: { readonly after: number | undefined; readonly whole: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<StreamPart> {
    const ask = { limit: whole ? STEP.whole : STEP.live, receipts: whole };
    let lease: Lease | undefined;
    let unfollow: (() => void) | undefined;
    let at = after;
    let isLive = false;
    let saidAt = clock();
    let seen: { readonly head: number | undefined; readonly at: number } | undefined;
    try {
      for (;;) {
        signal.throwIfAborted();
        const isNew = lease === undefined || clock() >= lease.endsAt || !(await access.holds(lease.permit));
        if (isNew) {
          if (lease) await close(lease);
          lease = undefined;
          const permit = await access.authorize({ ...asked, lease: leaseSeconds });
          lease = new Lease(permit, clock() + 1000 * leaseSeconds);
          // From now on, before anything is loaded: what comes meanwhile is seen as new.
          unfollow ??= heads.follow(permit.terms.device.id);
          at ??= await reader.present(permit);
        }
        const { permit } = lease as Lease;
        const head = heads.of(permit.terms.device.id);
        const step: Step | undefined =
          seen && !isNew && seen.head === head && head !== undefined && clock() < seen.at
            ? undefined
            : await reader.next(permit, at ?? 0, ask);
        if (step && isNew) yield { kind: "lease", twin: step.twin, seconds: leaseSeconds, at: at ?? 0 };
        // While it was loaded, or there was no room for it, the chain may have said something else: then it is not shown by this.
        if (step && !(await access.holds(permit))) {
          await heads.looked();
          continue;
        }
        if (step) {
          const page = step.twin.toJSON();
          const shown = [...page.readings, ...(page.releases ?? [])];
          for (const one of shown) (lease as Lease).count(one);
          at = step.after;
          if (shown.length > 0 || isNew) saidAt = clock();
          if (shown.length > 0) yield { kind: "page", twin: step.twin };
          if (step.more) continue;
          seen = { head, at: step.delayed ? clock() + DELAYED_EVERY_MS : Infinity };
        }
        if (whole) return;
        if (!isLive) yield { kind: "live", at: at ?? 0 };
        else if (clock() - saidAt >= BEAT_EVERY_MS) {
          saidAt = clock();
          yield { kind: "beat" };
        }
        isLive = true;
        await heads.looked();
      }
    } finally {
      unfollow?.();
      if (lease) await close(lease).catch(report);
    }
  }

  /** Not recorded, it is open for ever, and says: perhaps everything until its end. */
  function close({ permit, sequences }: Lease): Promise<void> {
    return access.close(permit, sequences);
  }

  return {
    follow,
    ending: ending.signal,
    async close() {
      ending.abort(new TwinwardError("SERVER_ENDING"));
      heads.close();
      await Promise.all(running);
    },
  };
}
