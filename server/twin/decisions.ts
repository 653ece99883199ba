import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { readRecord, type LeafRecord } from "../../protocol/record.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { ListPermit } from "../access/authorize.ts";
import type { Database } from "../store/database.ts";

/** A recorded decision with the leaf whose receipt proves it. */
export interface ListedDecision {
  readonly leaf: Hex;
  readonly sequence: number;
  readonly record: LeafRecord;
}

export interface DecisionPage {
  readonly twin: Hex;
  /** Newest first; a page that is looked through may hold none that concerns the asker. */
  readonly decisions: readonly ListedDecision[];
  /** Give it as `before` to go on; null at the first decision. */
  readonly next: number | null;
}

export const DECISION_LIMITS = { usual: 100, most: 500 };

interface Row {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly body: string;
}

/** Who asked to see a twin and what they were told, page by page. Each page looks at `limit` records at most. */
export function createDecisions(database: Database) {
  return async (
    permit: ListPermit,
    { before, limit }: { before?: number; limit?: number } = {},
  ): Promise<DecisionPage> => {
    const { twin, reader, concern, opening } = permit;
    const looked = Math.min(limit ?? DECISION_LIMITS.usual, DECISION_LIMITS.most);
    const rows = await database.query<Row>(
      `select l.sequence, l.hash, r.body
       from (select position, sequence, hash from leaf where kind = $1 and subject = $2 and sequence < $3
             order by sequence desc limit $4) l
         cross join lateral (select body from record where position = l.position limit 1) r
       order by l.sequence desc`,
      [LEAF_KINDS.decision, fromHex(twin, 32), before ?? Number.MAX_SAFE_INTEGER, looked],
    );
    const all = rows.map(({ sequence, hash, body }) => ({ leaf: toHex(hash), sequence, record: readRecord(body) }));
    const decisions = all.filter(({ record }) =>
      opening === undefined ? concern === "whole" || record.reader === reader : openingOf(record) === opening,
    );
    const last = all.at(-1)?.sequence ?? 1;
    return { twin, decisions, next: all.length === looked && last > 1 ? last : null };
  };
}

function openingOf({ because }: LeafRecord): unknown {
  return typeof because === "object" && because !== null && "opening" in because ? because.opening : undefined;
}

export type Decisions = ReturnType<typeof createDecisions>;
