import { fromHex } from "../../../protocol/bytes.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import type { Tx } from "../../store/database.ts";
import type { Plan } from "./plan.ts";

/** Rows that are no leaves and went with the keys. */
export interface Removed {
  /** Readings that waited for others: their devices have no ack for them, and send them again. */
  readonly held: number;
  /** Readings that were refused and kept, sealed like the others. */
  readonly evidence: number;
  /** What oracles found in the erased readings. Verdicts stay on the chain. */
  readonly findings: number;
}

/** Removes what is no leaf and derives from the erased disclosures, in the transaction that records the erasure. */
export async function removeDerived(tx: Tx, { device, scope, months }: Plan): Promise<Removed> {
  const count = async (sql: string, parameters: Parameters<Tx["query"]>[1]): Promise<number> =>
    (await tx.query(sql, parameters)).length;
  const sealed = [fromHex(scope, 32), months] as const;
  const held = await count("delete from held where scope = $1 and month = any($2::text[]) returning 1", [...sealed]);
  const evidence = await count("delete from evidence where scope = $1 and month = any($2::text[]) returning 1", [
    ...sealed,
  ]);
  const findings = await count(
    `delete from finding f where f.body::jsonb #>> '{verdict,device}' = $3 and (f.scope = $1 and f.month = any($2::text[]) or exists (
       select 1 from leaf l join reading r on r.accepted_month = l.accepted_month and r.position = l.position
       where l.kind = ${LEAF_KINDS.reading} and l.subject = $4 and r.scope = $1 and r.month = any($2::text[])
         and l.sequence >= (f.body::jsonb #>> '{verdict,firstSequence}')::bigint
         and l.sequence <= (f.body::jsonb #>> '{verdict,lastSequence}')::bigint)) returning 1`,
    [...sealed, device, fromHex(device, 32)],
  );
  return { held, evidence, findings };
}
