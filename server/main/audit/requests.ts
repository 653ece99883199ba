import { toHex, type Hex } from "../../../protocol/bytes.ts";
import { readRecord, type LeafRecord } from "../../../protocol/record.ts";
import { isRequestSigned, requestId } from "../../../protocol/request.ts";
import type { AnswerRecord, AskedRecord } from "../../../protocol/request-record.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { expiresOf, weighAnswer } from "../../access/asking/weigh-answer.ts";
import { MOST_ATTEMPTS } from "../../access/asking/webhooks.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

/** What was asked must be what its reader signed, and under its own id; undefined where nothing is wrong. */
export function faultOfRequest(
  { chainId, contracts }: Pick<AuditWorld, "chainId" | "contracts">,
  record: LeafRecord,
  subject: Hex,
  signature: Uint8Array | null,
): string | undefined {
  if (record.request !== subject) return "its leaf is of another request";
  if (record.step !== "asked")
    return signature === null ? undefined : "it carries a signature, and only what is asked has one";
  const domain = { chainId, contract: contracts.GrantRegistry };
  const { asked, signer } = record as unknown as AskedRecord;
  if (requestId(domain, asked) !== subject) return "what was asked has another id";
  if (signature === null) return "its reader's signature is missing";
  // A contract's signature held on the chain as it was then; who owns it may have changed since.
  const holds = signer === "contract" || isRequestSigned(domain, asked, toHex(signature));
  return holds ? undefined : "its reader's signature does not verify";
}

interface Row {
  readonly id: Uint8Array;
  readonly position: number;
  readonly reader: Uint8Array;
  readonly twin: Uint8Array | null;
  readonly manifest: Uint8Array | null;
  readonly at: number;
  readonly expires: number;
}

/** Requests as their rows tell them, from the records: one row for each that was asked, one for each answer, none besides. */
export async function auditRequests(world: AuditWorld, lies: Lies): Promise<void> {
  const records = await recordsOf(world, lies);
  const asked = new Map<Hex, AskedRecord>();
  const rows = await world.tx.query<Row>(
    "select id, position, reader, twin, manifest, at, expires from request order by position",
  );
  for (const row of rows) {
    const id = toHex(row.id);
    const record = records.get(row.position);
    const place = `request ${id}`;
    records.delete(row.position);
    if (!lies.hold(record?.step === "asked", place, "no record at its position says that it was asked")) continue;
    const said = record as AskedRecord;
    asked.set(id, said);
    const same =
      said.request === id &&
      said.reader === toHex(row.reader) &&
      said.asked.twin === (row.twin && toHex(row.twin)) &&
      said.asked.manifest === (row.manifest && toHex(row.manifest)) &&
      said.at === row.at &&
      expiresOf(said.asked) === row.expires;
    lies.hold(same, place, "its row is not what its record says");
  }
  const answered = await auditAnswers(world, asked, records, lies);
  for (const position of records.keys())
    lies.tell(`record at ${position}`, "it is a step of a request, and no row is of it");
  await auditWebhooks(world, asked, answered, lies);
  lies.count("requests", rows.length);
}

type Step = AskedRecord | AnswerRecord;

/** Those that can be read; what is wrong with one is told where the leaves are walked. */
async function recordsOf({ tx }: AuditWorld, lies: Lies): Promise<Map<number, Step>> {
  const rows = await tx.query<{ position: number; body: string }>(
    "select l.position, d.body from leaf l join record d on d.position = l.position where l.kind = $1",
    [LEAF_KINDS.request],
  );
  const read = new Map<number, Step>();
  for (const { position, body } of rows) {
    const record = await lies.attempt(`record at ${position}`, () => readRecord(body));
    if (record?.format === "request@1") read.set(position, record as unknown as Step);
  }
  return read;
}

async function auditAnswers(
  world: AuditWorld,
  asked: ReadonlyMap<Hex, AskedRecord>,
  records: Map<number, Step>,
  lies: Lies,
): Promise<Set<Hex>> {
  const rows = await world.tx.query<{ request: Uint8Array; position: number; state: string }>(
    "select request, position, state from request_answer order by position",
  );
  const answered = new Set<Hex>();
  for (const row of rows) {
    const id = toHex(row.request);
    const place = `answer to request ${id}`;
    const record = records.get(row.position);
    const before = asked.get(id);
    records.delete(row.position);
    answered.add(id);
    const its = record !== undefined && record.step !== "asked" && record.request === id && record.step === row.state;
    if (!lies.hold(its, place, "its row is not what its record says")) continue;
    if (!lies.hold(before !== undefined, place, "nothing was asked") || !before) continue;
    auditAnswer(world, before, record as AnswerRecord, place, lies);
  }
  return answered;
}

/** An answer follows from what was asked and, where it gives something, from the grant on chain. */
function auditAnswer({ view }: AuditWorld, asked: AskedRecord, answer: AnswerRecord, place: string, lies: Lies): void {
  lies.hold(answer.reader === asked.reader, place, "it is to another reader");
  if (answer.step === "expired") lies.hold(answer.at >= expiresOf(asked.asked), place, "it expired before its time");
  if (answer.step !== "approved" && answer.step !== "narrowed") return;
  const grant = view.grant(answer.grant);
  const twin = grant && view.twin(grant.twin);
  if (!lies.hold(twin !== undefined, place, "the chain knows no such grant") || !grant || !twin) return;
  try {
    const step = weighAnswer(asked.request, asked.asked, answer.by, { ...grant, twin });
    lies.hold(step === answer.step, place, `the grant makes it ${step}`);
  } catch (error) {
    lies.tell(place, error instanceof Error ? error.message : String(error));
  }
  const { from, until, segments } = answer.granted;
  const same =
    twin.id === answer.twin &&
    twin.device === answer.device &&
    grant.from === from &&
    grant.until === until &&
    grant.segments.toString() === segments;
  lies.hold(same, place, "it tells of the grant what the chain does not");
}

async function auditWebhooks(
  { tx }: AuditWorld,
  asked: ReadonlyMap<Hex, AskedRecord>,
  answered: ReadonlySet<Hex>,
  lies: Lies,
): Promise<void> {
  const rows = await tx.query<{ request: Uint8Array; attempts: number }>("select request, attempts from webhook");
  for (const row of rows) {
    const id = toHex(row.request);
    const wanted = answered.has(id) && (asked.get(id)?.asked.webhook ?? null) !== null;
    lies.hold(wanted, `webhook of request ${id}`, "no answer is to be posted for it");
    const possible = row.attempts >= 0 && row.attempts < MOST_ATTEMPTS;
    lies.hold(possible, `webhook of request ${id}`, "it was tried more often than it is");
  }
  lies.count("webhooks", rows.length);
}
