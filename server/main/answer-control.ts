import type { JsonRpcProvider } from "ethers";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { KeyStore } from "../keys/key-store.ts";
import type { Database } from "../store/database.ts";
import { audit } from "./audit/audit.ts";
import { backup } from "./backup/backup-directory.ts";
import type { openControl } from "./control.ts";
import type { Erasure } from "./erase/erasure.ts";
import { readAsked } from "./erase/plan.ts";
import { observeWorld } from "./observe-world.ts";

/** What a running server does for the owner of DATA, who asks through its socket. */
export function answerControl(parts: {
  readonly database: Database;
  readonly consortium: Consortium;
  readonly provider: JsonRpcProvider;
  readonly keys: KeyStore;
  readonly erasure: Erasure;
  readonly now: () => number;
}): Parameters<typeof openControl>[1] {
  const { database, consortium, provider, keys, erasure, now } = parts;
  return {
    backup: async ({ out }) => {
      if (typeof out !== "string") throw new TwinwardError("MALFORMED_REQUEST", { detail: "Where to?" });
      return backup({ database, consortium, now }, out);
    },
    audit: async ({ acks }) =>
      database.transaction(async (tx) =>
        audit(await observeWorld({ provider, consortium, keys, tx }), typeof acks === "string" ? acks : undefined),
      ),
    erasable: () => erasure.list(),
    "plan erasure": (asked) => erasure.plan(readAsked(asked)),
    erase: (asked) => erasure.erase(readAsked(asked)),
  };
}
