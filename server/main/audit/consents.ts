import { toHex, type Hex } from "../../../protocol/bytes.ts";
import {
  consentDigest,
  isConsentSigned,
  type ConsentFacts,
  type ConsentRecord,
} from "../../../protocol/consent-record.ts";
import { canonical } from "../../../protocol/json.ts";
import { readRecord } from "../../../protocol/record.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { factsOf } from "../../access/consents/facts.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

interface Row {
  readonly position: number;
  readonly subject: Uint8Array;
  readonly body: string;
  readonly signature: Uint8Array | null;
}

/**
 * Every consent is what the chain said in its place, with what was signed for it; and of what the chain said before the last that
 * is recorded, nothing is left out.
 */
export async function auditConsents(world: AuditWorld, lies: Lies): Promise<void> {
  const rows = await world.tx.query<Row>(
    `select l.position, l.subject, d.body, d.signature from leaf l join record d on d.position = l.position
     where l.kind = $1 order by l.position`,
    [LEAF_KINDS.consent],
  );
  const recorded = new Set<string>();
  let last = 0;
  for (const { position, subject, body, signature } of rows) {
    const place = `consent at position ${position}`;
    // What is wrong with one that is no record is told where the leaves are walked.
    const record = await lies.attempt(place, () => readRecord(body) as unknown as ConsentRecord);
    if (!record) continue;
    const { block, logIndex } = record;
    recorded.add(placeOf(record));
    last = Math.max(last, block.number);
    lies.hold(toHex(subject) === (record.twin ?? record.device), place, "its leaf is beside another twin");
    // A block that the chain took back since is no lie: the leaf says where it was seen.
    if ((await world.block(block.number))?.hash !== block.hash) continue;
    const at = world.events.findIndex((one) => one.block.hash === block.hash && one.logIndex === logIndex);
    const fault = faultOf(world, record, at, signature);
    if (fault !== undefined) lies.tell(place, fault);
  }
  for (const event of world.events) {
    const { block, logIndex } = event;
    if (block.number >= last || !factsOf(world.contracts, event, world.view)) continue;
    const place = `event ${logIndex} of block ${block.number}`;
    lies.hold(
      recorded.has(placeOf({ block, logIndex })),
      place,
      "it says something of consents, and no leaf tells of it",
    );
  }
  lies.count("consents", rows.length);
}

const placeOf = ({
  block,
  logIndex,
}: Pick<ConsentRecord, "logIndex"> & { readonly block: { readonly hash: Hex } }): string => `${block.hash} ${logIndex}`;

function faultOf(
  world: AuditWorld,
  record: ConsentRecord,
  at: number,
  signature: Uint8Array | null,
): string | undefined {
  const { chainId, contracts, events, view } = world;
  const event = events[at];
  const facts = event && factsOf(contracts, event, view);
  const isTold = event?.transaction === record.transaction && canonical(event.block) === canonical(record.block);
  if (!facts || !isTold || canonical(facts) !== canonical(factsIn(record)))
    return "the chain says something else there";
  const { message } = record;
  if (!message) return signature === null ? undefined : "it carries a signature, and names nothing that was signed";
  if (consentDigest({ chainId, contracts }, message) !== message.digest) return "what was signed has another digest";
  if (signature === null) return "its signature is missing";
  const before = events.slice(0, at).filter(({ topics }) => topics.join() === event.topics.join()).length;
  if (!isOf(facts, message, before)) return "what was signed says something else";
  const holds = message.signer === "contract" || isConsentSigned(message, facts.by, toHex(signature));
  return holds ? undefined : "its signature does not verify";
}

function isOf(facts: ConsentFacts, { type, said }: NonNullable<ConsentRecord["message"]>, before: number): boolean {
  if (type === "Subject")
    return said.assignment === facts.scope && said.subject === facts.by && said.guardian === facts.guardian;
  const { twin, reader, purposes, nonce } = said;
  const same = twin === facts.twin && reader === facts.reader && nonce === before;
  return same && purposes.join() === facts.purposes.join();
}

const factsIn = ({ step, device, scope, twin, reader, purposes, by, guardian }: ConsentRecord): ConsentFacts => ({
  ...{ step, device, scope, twin, reader, purposes, by, guardian },
});
