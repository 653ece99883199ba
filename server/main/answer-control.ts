import type { JsonRpcProvider } from "ethers";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Anchor } from "../anchor/anchor-loop.ts";
import type { Chain } from "../chain/view.ts";
import type { KeyStore } from "../keys/key-store.ts";
import type { Database } from "../store/database.ts";
import { audit, type AuditReport } from "./audit/audit.ts";
import { backup } from "./backup/backup-directory.ts";
import type { openControl } from "./control.ts";
import type { Erasure } from "./erase/erasure.ts";
import { readAsked } from "./erase/plan.ts";
import { observeWorld } from "./observe-world.ts";

/** Rows of ours that say what was on the chain when they were written. */
const OF_THE_CHAIN = /^(chain_block|chain_event|batch) /;
const TRIES = 3;

interface AuditParts {
  readonly database: Database;
  readonly consortium: Consortium;
  readonly provider: JsonRpcProvider;
  readonly keys: KeyStore;
  readonly chain: Pick<Chain, "fresh">;
  readonly anchor: Pick<Anchor, "flush">;
  /** Resolves when what could be sealed again for the assignments of now is: an audit would name what is under way. */
  readonly settled: () => Promise<void>;
}

/**
 * What a reorganisation took back stands in our rows until the server has heard of it: so the chain is looked at first, and what
 * is wrong with nothing but such rows is looked at again when everything is anchored. A chain that has fewer blocks than were
 * seen is no evidence against anybody: CHAIN_BEHIND.
 */
async function auditRunning(parts: AuditParts, acks: string | undefined): Promise<AuditReport> {
  const { database, consortium, provider, keys, chain, anchor, settled } = parts;
  for (let tried = 1; ; tried++) {
    await chain.fresh(0);
    await settled();
    const report = await database.transaction(async (tx) =>
      audit(await observeWorld({ provider, consortium, keys, tx }), acks),
    );
    const mayBeOld = report.lies.length > 0 && report.lies.every(({ place }) => OF_THE_CHAIN.test(place));
    if (!mayBeOld || tried === TRIES) return report;
    // Where that is not possible, the next report says what there is to say.
    await anchor.flush().catch(() => undefined);
  }
}

/** What a running server does for the owner of DATA, who asks through its socket. */
export function answerControl(
  parts: AuditParts & { readonly erasure: Erasure; readonly now: () => number },
): Parameters<typeof openControl>[1] {
  const { database, consortium, erasure, now } = parts;
  return {
    backup: async ({ out }) => {
      if (typeof out !== "string") throw new TwinwardError("MALFORMED_REQUEST", { detail: "Where to?" });
      return backup({ database, consortium, now }, out);
    },
    audit: ({ acks }) => auditRunning(parts, typeof acks === "string" ? acks : undefined),
    erasable: () => erasure.list(),
    "plan erasure": (asked) => erasure.plan(readAsked(asked)),
    erase: (asked) => erasure.erase(readAsked(asked)),
  };
}
