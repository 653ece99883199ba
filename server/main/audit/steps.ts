import { toHex } from "../../../protocol/bytes.ts";
import { canonical } from "../../../protocol/json.ts";
import { readRecord } from "../../../protocol/record.ts";
import type { StepRecord } from "../../../protocol/step-record.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { stepOf } from "../../access/steps/facts.ts";
import type { Lies } from "./lies.ts";
import { isOnChain } from "./on-chain.ts";
import type { AuditWorld } from "./world.ts";

interface Row {
  readonly position: number;
  readonly subject: Uint8Array;
  readonly body: string;
}

/** Every step of a case is what the chain said in its place; and of what it said before the last that is recorded, nothing is left out. */
export async function auditSteps(world: AuditWorld, lies: Lies): Promise<void> {
  const rows = await world.tx.query<Row>(
    `select l.position, l.subject, d.body from leaf l join record d on d.position = l.position
     where l.kind = $1 order by l.position`,
    [LEAF_KINDS.step],
  );
  const recorded = new Set<string>();
  let last = 0;
  for (const { position, subject, body } of rows) {
    const place = `step at position ${position}`;
    // What is wrong with one that is no record is told where the leaves are walked.
    const record = await lies.attempt(place, () => readRecord(body) as unknown as StepRecord);
    if (!record) continue;
    const { block, logIndex } = record;
    recorded.add(`${block.hash} ${logIndex}`);
    lies.hold(toHex(subject) === record.case, place, "its leaf is beside another case");
    if (!(await isOnChain(world, record, { place, kind: "steps" }, lies))) continue;
    last = Math.max(last, block.number);
    lies.hold(isTold(world, record), place, "the chain says something else there");
  }
  for (const event of world.events) {
    const { block, logIndex } = event;
    if (block.number >= last || !stepOf(world, event, world.view)) continue;
    const place = `event ${logIndex} of block ${block.number}`;
    lies.hold(recorded.has(`${block.hash} ${logIndex}`), place, "it is a step of a case, and no leaf tells of it");
  }
  lies.count("steps", rows.length);
}

function isTold(world: AuditWorld, record: StepRecord): boolean {
  const { block, logIndex, transaction } = record;
  const event = world.events.find((one) => one.block.hash === block.hash && one.logIndex === logIndex);
  const facts = event && stepOf(world, event, world.view);
  if (!facts || event.transaction !== transaction || canonical(event.block) !== canonical(block)) return false;
  // The head is the gateway's own: where, when and under which salt it was written.
  const { format, stream, at, salt } = record;
  return canonical({ ...facts, block, logIndex, transaction, format, stream, at, salt }) === canonical(record);
}
