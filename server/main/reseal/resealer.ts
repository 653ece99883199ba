import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { scopesOf } from "../../chain/scopes-of.ts";
import type { Chain } from "../../chain/view.ts";
import { firstMisplaced, readScopes } from "../../store/sealed-scopes.ts";
import { resealStep, type ResealParts } from "./reseal-step.ts";

/** What failed is tried again by then, and what another gateway has sealed by an older view of the chain is found. */
const EVERY_MS = 60_000;

export interface Resealer {
  /**
   * Resolves when all that is stored of a device lies under the keys of the scopes that the chain, as it was seen when this was
   * asked, says it belongs to. Throws SERVER_ENDING, and what a step throws.
   */
  settle(device: Hex): Promise<void>;
  /** The same of every device. */
  settleAll(): Promise<void>;
  close(): Promise<void>;
}

export interface ResealerParts extends ResealParts {
  readonly chain: Pick<Chain, "view" | "onChange">;
  readonly report: (error: unknown) => void;
}

/**
 * Keeps what is sealed under the keys of the assignments that it belongs to: looks now, whenever the chain says something else of any
 * assignment, every minute, and when it is asked. What it moves and in which order: server/main/README.md.
 */
export function startResealer(parts: ResealerParts): Resealer {
  const { database, chain, report } = parts;
  /** By device: the work that is under way, and the one that begins after it, which sees what whoever asks now has seen. */
  const running = new Map<Hex, Promise<void>>();
  const waiting = new Map<Hex, Promise<void>>();
  let closed = false;

  const work = async (device: Hex): Promise<void> => {
    do if (closed) throw new TwinwardError("SERVER_ENDING");
    while (await resealStep(parts, device));
  };

  const settle = (device: Hex): Promise<void> => {
    const known = waiting.get(device);
    if (known) return known;
    const before = running.get(device)?.catch(() => undefined) ?? Promise.resolve();
    const mine: Promise<void> = before
      .then(() => {
        waiting.delete(device);
        running.set(device, mine);
        return work(device);
      })
      .finally(() => {
        if (running.get(device) === mine) running.delete(device);
      });
    waiting.set(device, mine);
    return mine;
  };

  const settleAll = async (): Promise<void> => {
    const view = chain.view();
    const stored = await readScopes(database);
    // One after the other: all of them wait for the same row.
    for (const [device, scopes] of stored)
      if (firstMisplaced(scopes, scopesOf(view, device)) !== undefined) await settle(device);
  };

  let looking: Promise<void> | undefined;
  let again = false;
  const look = (): void => {
    again = true;
    if (closed) return;
    looking ??= (async () => {
      while (again && !closed) {
        again = false;
        await settleAll().catch((error: unknown) => {
          if (!closed) report(error);
        });
      }
    })().finally(() => {
      looking = undefined;
      if (again) look();
    });
  };

  let seen = chain.view().assignments();
  const unfollow = chain.onChange((view) => {
    if (view.assignments() === seen) return;
    seen = view.assignments();
    look();
  });
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  look();

  return {
    settle,
    settleAll,
    close: async () => {
      closed = true;
      unfollow();
      clearInterval(timer);
      await looking;
      await Promise.allSettled([...running.values(), ...waiting.values()]);
    },
  };
}
