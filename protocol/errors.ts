import { CONTRACT_ERRORS } from "./contract-errors.ts";
import { row, type ErrorRow } from "./error-row.ts";

export type { ErrorRow } from "./error-row.ts";

/**
 * The one table of what can go wrong: code → HTTP status, message, what to do.
 *
 * A code is the screaming form of the Solidity error's words, so that the same word travels from the EVM
 * (`GrantExpired`) to the console (`GRANT_EXPIRED`). Sorted by topic; add lines, never change a code.
 */
export const ERRORS = {
  // Readings: not authentic, so refused without a leaf.
  READING_MALFORMED: row(
    400,
    "The reading is not a well-formed reading@1.",
    "Compare it with docs/formats/reading.md.",
  ),
  READING_NOT_CANONICAL: row(
    400,
    "The reading's bytes are not the only ones allowed for its content.",
    "Send the members in order, without white space, in strict base64url and with _sd sorted.",
  ),
  READING_TOO_LARGE: row(413, "The reading is larger than accepted.", "Put fewer samples into one reading."),
  DISCLOSURE_MISSING: row(
    422,
    "A segment of the device model has no disclosure.",
    "Disclose every segment, with empty t and v where there is nothing.",
  ),
  DISCLOSURE_UNKNOWN: row(
    422,
    "A disclosure belongs to no segment of the device model or to no digest of the reading.",
    "Disclose the model's segments and only those, each once.",
  ),
  MODEL_UNEXPECTED: row(
    422,
    "The reading names another model than the device is registered with.",
    "Use the registered model.",
  ),
  MODEL_UNKNOWN: row(
    409,
    "The document of the device's model is not here.",
    "Upload the device model whose hash the device is registered with.",
  ),
  SIGNATURE_INVALID: row(
    401,
    "The signature is not one of the key that it should be of.",
    "Sign exactly what is said (of a reading header.payload) with the key that is named.",
  ),
  KEY_NOT_VALID: row(
    401,
    "The key named by kid is not valid at this sequence.",
    "Sign with the key whose range holds the sequence, or rotate the key.",
  ),
  DEVICE_UNKNOWN: row(404, "No such device is registered.", "Register the device first."),
  DEVICE_RETIRED: row(410, "The device is retired; its readings are refused.", "Register a new device."),

  // Readings: authentic, but not in their place.
  SEQUENCE_CONFLICT: row(
    409,
    "Another reading was accepted at this sequence.",
    "Never sign two readings with one sequence; go on from `expected`.",
  ),
  SEQUENCE_IN_GAP: row(
    409,
    "This sequence lies in a gap that the device declared as lost.",
    "What was declared lost stays lost; go on from `expected`.",
  ),
  SEQUENCE_EXPECTED: row(
    409,
    "The reading does not follow the last one accepted.",
    "Go on from `expected` with `prev`, or declare a gap.",
  ),
  PREV_MISMATCH: row(409, "`prev` is not the content of the reading before.", "Chain to the content given as `prev`."),
  HOLD_EXPIRED: row(
    409,
    "The readings before this one did not come in time.",
    "Send from `expected` on, or declare the missing ones as a gap.",
  ),
  REQUEST_SIGNATURE_INVALID: row(
    401,
    "The request does not bear its reader's signature.",
    "Sign it with the reader's key, for this chain and its GrantRegistry: docs/formats/request.md.",
  ),
  REQUEST_UNFOUNDED: row(
    422,
    "The request asks for what nobody can give.",
    "Ask for a manifest of the catalogue and its segments, until a time to come, with a deadline within 30 days.",
  ),
  REQUEST_ANSWERED: row(409, "The request has its answer already.", "See which; a reader may ask anew."),
  REQUEST_EXPIRED: row(409, "The request has expired.", "Nothing; a reader may ask anew."),
  REQUESTS_TOO_MANY: row(
    429,
    "Too many requests have come from this key or this address.",
    "Wait for answers to those that are open; ask again after Retry-After.",
  ),
  STREAMS_TOO_MANY: row(
    429,
    "This reader has as many live streams open here as one may.",
    "Close one, or read several twins one after the other.",
  ),
  SERVER_ENDING: row(503, "The server is ending.", "Connect again; a live stream goes on by Last-Event-ID."),
  GRANT_EXCEEDS_REQUEST: row(
    422,
    "The grant gives something else than was asked, or more.",
    "Give what was asked or less, to who asked, with the request as its nonce: docs/access.md.",
  ),
  WEBHOOK_REFUSED: row(
    422,
    "Nothing is posted to this address.",
    "Name an https URL that the whole internet can reach; WEBHOOK_PRIVATE allows others.",
  ),
  WEBHOOK_UNANSWERED: row(
    502,
    "Nobody took a webhook for a day.",
    "Nothing: the app sees its answer by GET /v1/requests.",
  ),
  OVERLOADED: row(503, "The gateway has more work than it can take.", "Send the same bytes again after Retry-After."),
  TOPIC_NOT_YOURS: row(
    403,
    "This topic is not yours.",
    "Publish readings and results, subscribe to acks and commands, of your own id.",
  ),

  // Requests.
  MALFORMED_REQUEST: row(
    400,
    "The request is not well formed.",
    "Correct what `detail` names; server/api/README.md says what each path takes.",
  ),
  BODY_TOO_LARGE: row(413, "The body is larger than accepted.", "Send less at once."),
  JSON_MALFORMED: row(400, "The text is not strict JSON.", "Repair it at the place given."),
  JSON_MEMBER_DUPLICATE: row(400, "A member occurs twice in one object.", "Keep one of them."),
  NOT_FOUND: row(
    404,
    "There is nothing here, or nothing that you may see.",
    "Check the id and that a grant covers it.",
  ),
  NOT_RESEALED_YET: row(
    503,
    "An assignment of the device has begun or ended, and its readings are being sealed again for it.",
    "Ask again in a moment.",
  ),
  NOT_ANCHORED_YET: row(409, "This leaf is not anchored yet.", "Ask again after the next seal, in a second or two."),
  METHOD_NOT_ALLOWED: row(405, "This path does not take that method.", "Use one that the header Allow names."),
  SESSION_REQUIRED: row(401, "Sign in first.", "Ask /v1/session/nonce and sign in with your key."),
  SIGN_INS_TOO_MANY: row(
    429,
    "Too many sign-ins that no key of theirs has signed have come from this address.",
    "Sign with the account's own key, or try again after Retry-After.",
  ),
  SESSION_INVALID: row(401, "The session is not valid (any more).", "Sign in again."),
  CHAIN_UNAVAILABLE: row(
    503,
    "The chain cannot be asked, so nothing can be permitted.",
    "Try again when the chain is back.",
  ),
  SERVER_UNREACHABLE: row(503, "The server does not answer.", "Check its URL and that it is up."),
  INTERNAL: row(500, "Something failed on our side.", "Try again; the operator finds the cause in the log."),

  // Access: the reasons of `decide`, in its order of checks.
  TWIN_UNKNOWN: row(404, "No such twin.", "Check the twin's id."),
  TWIN_ENDED: row(403, "The twin's assignment has ended.", "Ask for a twin of the present assignment."),
  SECURITY_TWIN_ONLY: row(
    403,
    "The purpose security reads security twins, and only that purpose does.",
    "Name another purpose or another twin.",
  ),
  READER_NOT_ORACLE: row(403, "Only a current oracle reads a security twin.", "Read a twin that was granted to you."),
  MANIFEST_UNKNOWN: row(
    409,
    "The document of the twin's manifest is not here.",
    "Upload the manifest whose hash the twin was registered with.",
  ),
  BUDGET_SPENT: row(
    403,
    "What may be told of this assignment with noise has been told.",
    "Read what was released before; nothing more will be.",
  ),
  GRANT_UNKNOWN: row(403, "No such grant.", "Request one from the device's steward."),
  GRANT_FOR_OTHER: row(403, "The grant is for another twin or another reader.", "Use your own grant on this twin."),
  GRANT_REVOKED: row(403, "The grant was revoked.", "Request a new one."),
  EPOCH_RAISED: row(403, "All grants of this twin were ended at once.", "Request a new one."),
  PARENT_REVOKED: row(403, "A grant that this one was passed on from was revoked.", "Ask whoever gave it to you."),
  GRANT_NOT_STARTED: row(403, "The grant has not started yet.", "Ask again from its start on."),
  GRANT_EXPIRED: row(403, "The grant has expired.", "Request a new one."),
  BREAK_GLASS_ABSENT: row(
    404,
    "This consortium has no break-glass: it was founded before there was any.",
    "Read by a grant; a consortium founded anew has it.",
  ),
  BREAK_GLASS_ENDED: row(403, "This emergency access was ended.", "Open it anew, if there still is an emergency."),
  BREAK_GLASS_EXPIRED: row(403, "This emergency access is over.", "Open it anew, if there still is an emergency."),
  PURPOSE_NOT_GRANTED: row(403, "The grant does not cover this purpose.", "Name a purpose that it covers."),
  CONSENT_MISSING: row(
    403,
    "This purpose needs the consent of whose data it is, and there is none for this reader.",
    "Ask the subject, or read for another purpose.",
  ),
  SEGMENTS_NOT_GRANTED: row(403, "The grant or the twin does not cover these segments.", "Ask for fewer segments."),
  DEVICE_QUARANTINED: row(
    403,
    "The device is quarantined: no research reads, and only commands that lead to the safe state.",
    "Wait for readmission, or read for care.",
  ),
  COMMAND_NOT_IN_TWIN: row(
    403,
    "The twin carries no such command for this purpose.",
    "Ask for a twin with that command.",
  ),

  // What the contracts refuse of those who give and agree.
  NOT_STEWARD: row(403, "Only the device's steward may do this.", "Use the steward's key."),
  NOT_SUBJECT: row(403, "Only the subject or its guardian may do this.", "Use the key of whose data it is."),
  DELEGATION_EXCEEDS_PARENT: row(
    422,
    "What is passed on is more than was given, or may not be passed on.",
    "Pass on fewer segments, fewer purposes, a shorter time and less depth.",
  ),
  DEPTH_TOO_GREAT: row(422, "A grant is passed on at most three times.", "Give a smaller depth."),
  SUBJECT_ALREADY_BOUND: row(
    409,
    "The assignment has its subject.",
    "A subject is bound once; begin a new assignment.",
  ),
  SIGNATURE_EXPIRED: row(422, "The signature is too old.", "Have it signed anew."),
  RESUMED_TOO_EARLY: row(
    409,
    "New grants are not paused, or not for an hour yet.",
    "Announce the end of a pause when there is one, and carry it out an hour later.",
  ),
  NONCE_USED: row(409, "This nonce of the grantor's was used or cancelled.", "Sign it anew with another nonce."),
  SEGMENTS_NOT_IN_TWIN: row(422, "The twin does not have these segments.", "Give segments that its manifest shows."),
  PURPOSES_REFUSED: row(
    422,
    "These purposes cannot be given.",
    "Give some of care, emergency, research, maintenance, audit.",
  ),
  GRANT_TERM_EMPTY: row(422, "The grant would end before it begins.", "Let `until` be after `from`."),
  READER_ZERO: row(422, "The zero address is nobody.", "Name the reader's address."),

  // Findings of oracles.
  FINDING_MALFORMED: row(400, "This is not a finding@1 or clear@1.", "Compare it with docs/formats/finding.md."),
  FINDING_SIGNATURE_INVALID: row(
    401,
    "A signature of the finding is not the oracle's it names.",
    "Sign the digest and the body with the oracle's key, for this chain and contract.",
  ),
  FINDING_ORACLE_UNKNOWN: row(403, "Only a current oracle's findings are kept.", "Sign with a current oracle's key."),
  FINDING_UNFOUNDED: row(
    422,
    "The finding does not fit what the chain says.",
    "Judge the device's home stream, in the bounds of the round, after its batches are anchored.",
  ),
  DETECTOR_UNEXPECTED: row(
    422,
    "The detector's parameters are not those that the hash names.",
    "Take the model file whose SHA-256 the consortium agreed on.",
  ),
  FINDINGS_TOO_MANY: row(
    409,
    "This oracle has signed more about this device and round than an honest one can.",
    "Nothing: what was signed before is kept.",
  ),

  // The chain and what we write to it.
  CHAIN_ID_UNEXPECTED: row(500, "The node serves another chain.", "Name the JSON-RPC URL of the consortium's chain."),
  CHAIN_DIFFERS: row(
    500,
    "The chain is not the one that the stored data rests on.",
    "Start with the chain, contracts and data directory that belong together.",
  ),
  CHAIN_STALE: row(
    503,
    "The node's newest block is too old: it or the chain stands still, so nothing can be permitted.",
    "Look at the node, or name another one in RPC_URL; RPC_BLOCK_AGE_SECONDS says how old is too old, 0 never.",
  ),
  PRICE_TOO_HIGH: row(
    503,
    "The chain asks for more than RPC_PRICE_CEILING_GWEI allows: transactions wait at that price.",
    "See whether the price is the chain's or one node's word, and raise the ceiling if it is worth it.",
  ),
  CHAIN_BEHIND: row(
    503,
    "The node has fewer blocks than were seen already, so nothing can be permitted.",
    "Wait until it has caught up, or name a node that has, in RPC_URL.",
  ),
  CHAIN_WAIT_EXPIRED: row(504, "The chain did not say in time what was waited for.", "Look whether it makes blocks."),
  CHAIN_ENDED: row(503, "The embedded chain's process has ended.", "Start again: nothing that was answered is lost."),
  CHAIN_LOG_DAMAGED: row(
    500,
    "The embedded chain's log was changed or is damaged.",
    "Restore the data directory from a backup.",
  ),
  CHAIN_REPLAY_DIFFERS: row(
    500,
    "Replaying the embedded chain's log gives another block than was recorded.",
    "Start the version that wrote it, or restore the data directory from a backup.",
  ),
  TRANSACTION_REFUSED: row(502, "The node refuses the transaction.", "See `detail`."),
  TRANSACTION_REVERTED: row(502, "The transaction was mined and reverted.", "See `detail`."),
  SENDER_UNEXPECTED: row(
    500,
    "This key may not send for this gateway group.",
    "Name the sender's key that the MemberRegistry lists.",
  ),
  ANCHOR_ROOT_MISMATCH: row(
    500,
    "Stored leaves do not give the root that was sealed or anchored: something stored was changed.",
    "Run twinward audit; restore the data from a backup. Nothing is anchored until then.",
  ),
  ANCHOR_CONFLICT: row(
    500,
    "The chain has another batch at this number than the store.",
    "Two gateways write one stream from two databases, or an old database was restored: stop one, run twinward audit.",
  ),

  // Proofs against somebody.
  ACK_NOT_BROKEN: row(422, "The ack was not broken in a way that the chain can see.", "See `detail`."),
  SUSPENSION_UNEXPECTED: row(
    422,
    "The stream's newest suspension is another one than was decided on.",
    "Look at what it was suspended for since, and decide on that one; or ask another node.",
  ),
  ANCHORS_DIFFER: row(
    422,
    "This node does not hold what the anchors file says.",
    "Do not sign it. Ask who made it, and find out which of the two nodes is wrong.",
  ),
  STREAM_SUSPENDED: row(
    503,
    "The stream is suspended on chain: its gateway broke a promise.",
    "Keep readings and send them again. Members resume the stream or fence it: docs/proofs.md.",
  ),
  STREAM_FENCED: row(
    503,
    "Members have fenced the stream: nothing is anchored in it any more.",
    "Devices keep their readings. The gateway goes on in the successor when it is started with up --successor: docs/proofs.md.",
  ),
  EQUIVOCATION_UNFOUNDED: row(
    422,
    "These two readings convict no device.",
    "Bring two different contents that the key valid there signed for one sequence.",
  ),

  ANCHOR_LATE: row(
    503,
    "A leaf is not anchored by the time that its ack promised.",
    "Look whether the chain makes blocks and takes this gateway's transactions; the log says what failed.",
  ),
  CHECK_EXPIRED: row(504, "A part did not answer in time.", "Look at that part; the others answer for themselves."),

  // Files that people bring.
  UNUSABLE_RECEIPT: row(422, "This is not a receipt@1.", "Take the receipt's bytes as they were given out."),
  UNUSABLE_EXPORT: row(422, "This is not an export@1.", "Take the file as it was exported: docs/formats/export.md."),
  UNUSABLE_CONSORTIUM: row(422, "This is not a consortium@1.", "Take consortium.json from a member that you trust."),
  UNUSABLE_ANCHORS: row(422, "This is not an anchors@1.", "Export it again: twinward anchors export."),
  UNUSABLE_CHECKPOINT: row(422, "This is not a checkpoint@1.", "Export it again: twinward anchors export."),
  UNUSABLE_DEVICE_MODEL: row(422, "This is not a device-model@1.", "Compare it with docs/formats/device-model.md."),
  UNUSABLE_MANIFEST: row(422, "This is not a manifest@1.", "Compare it with docs/formats/manifest.md."),
  UNUSABLE_REQUEST: row(422, "This is not a request@1.", "Compare it with docs/formats/request.md."),
  UNUSABLE_ACT: row(
    422,
    "This is no signed act: no grant@1, revocation@1 or consent@1.",
    "Compare it with docs/formats/signed-acts.md.",
  ),
  UNUSABLE_WEBHOOK: row(
    422,
    "This is not a webhook@1 of this consortium.",
    "Drop it: somebody else has posted it, or it was changed on the way.",
  ),
  UNUSABLE_RECORD: row(422, "This is not a record of ours.", "Compare it with docs/formats/records.md."),
  UNUSABLE_ACK: row(422, "This is not an ack@1.", "Compare it with docs/formats/ack.md."),
  UNUSABLE_BACKUP: row(
    422,
    "This is not a whole backup@1.",
    "Take another copy of it; a whole one ends with a line that counts it.",
  ),
  UNUSABLE_INPUT: row(422, "The input cannot be used.", "Repair it at the place given."),
  UNUSABLE_SETTING: row(
    422,
    "A setting is unknown, cannot be used, or contradicts another one.",
    "Change the lines given; docs/running.md lists every setting.",
  ),

  // Data at rest.
  DATABASE_UNAVAILABLE: row(503, "The database cannot be reached.", "Start it, or correct DATABASE_URL."),
  DATABASE_ENDED: row(
    503,
    "The embedded database has ended: it could not write.",
    "Make room on its disk, or replace it, and start again: nothing that was acked is lost.",
  ),
  DATABASE_UNUSABLE: row(
    500,
    "The database is not one that this version can use.",
    "Start the version that wrote it, or restore a backup.",
  ),
  STREAM_MISMATCH: row(
    500,
    "The database belongs to another stream than this gateway writes.",
    "Start with the data directory, chain and contracts that belong together.",
  ),
  GATEWAY_KEY_MISSING: row(
    503,
    "The gateway key that the chain names for this time is not on this machine.",
    "Put the key file into keys/ of the data directory, as gateway.key, gateway-1.key and so on; `member gateway-key` makes one. docs/contracts.md.",
  ),
  STREAM_BEHIND: row(
    500,
    "The chain is ahead of this database: it holds anchors of leaves that are not here.",
    "Restore a newer backup. Where there is none, nothing is written here any more: see docs/backup.md.",
  ),
  KEY_MISSING: row(410, "There is no data key for this assignment and month.", "Check whether it was erased."),
  NOTHING_TO_ERASE: row(
    404,
    "Nothing is stored that could be erased.",
    "twinward erase without an assignment lists what can be; what was erased before is gone.",
  ),
  ERASURE_UNFINISHED: row(
    503,
    "An erasure has begun and is not recorded yet.",
    "Repair what the sentence names, then ask again or start the server again: both finish it.",
  ),
  SEALED_UNREADABLE: row(
    500,
    "Sealed data or its key was changed: it does not open.",
    "Run twinward audit; restore the data from a backup.",
  ),
  KEY_FILE_MODE: row(
    500,
    "A key file is open to others than its owner.",
    "chmod 600 it, and ask who may have read it.",
  ),
  KEYS_UNWRITABLE: row(
    503,
    "A key store or its mirror cannot be written, so nothing more is sealed.",
    "Mount the disk that KEYS_MIRROR names, make room on it, or name another directory.",
  ),
  KEY_FILE_UNUSABLE: row(500, "A key file cannot be used.", "Restore it from its backup."),
  BROKER_UNREACHABLE: row(
    503,
    "The gateway has no place at the MQTT broker, so no reading comes that way.",
    "The log says why: the broker is away, does not believe our certificate, or does not let us hear its devices.",
  ),
  CERTIFICATE_UNUSABLE: row(
    422,
    "A certificate, its key or its authority cannot be used.",
    "Repair the file that `detail` names by its setting; docs/running.md says what each must hold.",
  ),
  DEVELOPMENT_KEY_REFUSED: row(
    500,
    "A development key is refused in production.",
    "To try it out, unset NODE_ENV. For production set RPC_URL to the consortium's chain and TWINWARD_DATA to a new directory: up makes its keys there.",
  ),
  DATA_LOCKED: row(503, "Another process holds this data directory.", "Stop that process, or name another directory."),
  DATABASE_LOCKED: row(
    503,
    "Another server writes this stream into the database.",
    "Stop that server, or give this one a database of its own.",
  ),
  DISK_NEARLY_FULL: row(503, "The disk of the data directory is nearly full.", "Make room, or give it a larger disk."),
  DISK_FULL: row(
    503,
    "There is no room on the disk for what must be kept.",
    "Make room, or give it a larger disk, then send the same again.",
  ),
  DATA_UNUSABLE: row(500, "The data directory cannot be used.", "Restore it from a backup."),
  DATA_ERASED: row(
    410,
    "The key of this data was destroyed by an erasure.",
    "Nothing: the erasure is recorded as a leaf.",
  ),

  // Models and what computes them.
  SHAPE_MISMATCH: row(
    422,
    "Tensors that do not fit were put together.",
    "Correct the architecture at the operation given.",
  ),
  GRAPH_INVALID: row(422, "A graph, or what it was given to run with, is not valid.", "Give what `detail` names."),
  ENGINE_UNKNOWN: row(422, "There is no engine of this name.", "See them: twinward detect engines."),
  ENGINE_MISSING: row(
    503,
    "The engine that was named is not installed or does not load here.",
    "Run the command given, or name another engine; none is put in its place.",
  ),
  ENGINE_FAILED: row(500, "An engine could not compile or run a graph.", "Name another engine, and report this."),
  ARCHITECTURE_INVALID: row(422, "This is not an architecture of a model.", "Correct it at the place given."),
  TRAINING_INVALID: row(422, "The training cannot be done as it is described.", "Correct what `detail` names."),
  TRAINING_DIVERGED: row(
    422,
    "The training has come to a loss that is no number.",
    "Lower the learning rate or the norm to which gradients are cut.",
  ),
  CHECKPOINT_UNUSABLE: row(
    422,
    "The checkpoint is damaged, or of another training.",
    "Remove it, and the training begins anew.",
  ),
  MODEL_FILE_UNUSABLE: row(422, "This is not a whole model file.", "Copy it again, or train the model again."),
  MODEL_FILE_NEWER: row(
    422,
    "The model file was written by a newer version.",
    "Update Twinward, or train the model again.",
  ),
  UNUSABLE_TABLE: row(
    422,
    "A file of rows cannot be read as a table.",
    "Repair the row and column that are named, or leave the column out with --drop.",
  ),
  TIME_UNCLEAR: row(
    422,
    "There is not exactly one way to read the time column as increasing.",
    "Sort the rows by time, or name the format with --time-format.",
  ),
  LABEL_LEAKED: row(
    422,
    "A column gives the label away by itself: a detector would learn the column, not the attack.",
    "Leave it out with --drop. Where it is known when a row comes, and so no leak: --allow-leak COLUMN.",
  ),
  DETECTOR_MISSING: row(422, "There is no such detector.", "Take one that detect train --help names."),
  ...CONTRACT_ERRORS,
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** A contract's custom error in this table: GrantExpired → GRANT_EXPIRED; undefined where the table has no such word. */
export function codeOfRefusal(name: string): ErrorCode | undefined {
  const code = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : undefined;
}

/** The one error of Twinward: a code of the table and the facts of the case. */
export class TwinwardError extends Error {
  override readonly name = "TwinwardError";
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  /** `detail` in the facts, where present, is one sentence on the case; it may be shown to whoever caused it. */
  constructor(code: ErrorCode, facts: Record<string, unknown> = {}, cause?: unknown) {
    const detail = typeof facts.detail === "string" ? ` ${facts.detail}` : "";
    super(`${code}: ${ERRORS[code].message}${detail}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.facts = facts;
  }
}

/** An RFC 9457 problem with our code. */
export interface Problem {
  readonly type: `urn:twinward:error:${string}`;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly [fact: string]: unknown;
}

const RESERVED = new Set(["type", "title", "status", "code", "detail", "remedy"]);

/** Any error as a problem. What is not of the table tells nothing of itself: it becomes INTERNAL. */
export function toProblem(error: unknown): Problem {
  const known = error instanceof TwinwardError ? error : new TwinwardError("INTERNAL");
  const { status, message, remedy } = ERRORS[known.code];
  const detail = typeof known.facts.detail === "string" ? known.facts.detail : message;
  const facts = Object.fromEntries(
    Object.entries(known.facts)
      .filter(([name, value]) => !RESERVED.has(name) && value !== undefined)
      .map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
  );
  return {
    type: `urn:twinward:error:${known.code}`,
    title: message,
    status,
    code: known.code,
    detail,
    remedy,
    ...facts,
  };
}
