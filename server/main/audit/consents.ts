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
import { isOnChain } from "./on-chain.ts";
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
    lies.hold(toHex(subject) === (record.twin ?? record.device), place, "its leaf is beside another twin");
    // Whatever became of its block: what was signed stays signed.
    const forgery = await forgeryIn(world, record, signature);
    if (forgery !== undefined) lies.tell(place, forgery);
    if (!(await isOnChain(world, record, { place, kind: "consents" }, lies))) continue;
    last = Math.max(last, block.number);
    const at = world.events.findIndex((one) => one.block.hash === block.hash && one.logIndex === logIndex);
    const fault = faultOf(world, record, at);
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

/** What is wrong with what was signed, by the record itself. */
async function forgeryIn(
  world: AuditWorld,
  record: ConsentRecord,
  signature: Uint8Array | null,
): Promise<string | undefined> {
  const { message, by } = record;
  if (!message) return signature === null ? undefined : "it carries a signature, and names nothing that was signed";
  if (consentDigest(world, message) !== message.digest) return "what was signed has another digest";
  if (signature === null) return "its signature is missing";
  if (!isOf(factsIn(record), message)) return "what was signed says something else";
  const holds =
    message.signer === "contract" ? await world.isContract(by) : isConsentSigned(message, by, toHex(signature));
  return holds ? undefined : "its signature does not verify";
}

/** What the chain says otherwise than a record of a block that is on it. */
function faultOf({ contracts, events, view }: AuditWorld, record: ConsentRecord, at: number): string | undefined {
  const event = events[at];
  const facts = event && factsOf(contracts, event, view);
  const isTold = event?.transaction === record.transaction && canonical(event.block) === canonical(record.block);
  if (!facts || !isTold || canonical(facts) !== canonical(factsIn(record)))
    return "the chain says something else there";
  const { message } = record;
  if (message?.type !== "Consent") return undefined;
  const before = events.slice(0, at).filter(({ topics }) => topics.join() === event.topics.join()).length;
  return message.said.nonce === before ? undefined : "what was signed is not the next of its consent";
}

function isOf(facts: ConsentFacts, { type, said }: NonNullable<ConsentRecord["message"]>): boolean {
  if (type === "Subject")
    return (
      facts.step === "bound" &&
      said.assignment === facts.scope &&
      said.subject === facts.by &&
      said.guardian === facts.guardian
    );
  const { twin, reader, purposes } = said;
  return twin === facts.twin && reader === facts.reader && purposes.join() === facts.purposes.join();
}

const factsIn = ({ step, device, scope, twin, reader, purposes, by, guardian }: ConsentRecord): ConsentFacts => ({
  ...{ step, device, scope, twin, reader, purposes, by, guardian },
});
