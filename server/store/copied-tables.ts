/**
 * What a copy of the database consists of. A row that is written once and never changed can be read whenever one likes: the
 * copy has those below a line that one short transaction draws. What changes is read inside that transaction, so these
 * tables must be ones that stay small.
 */
export interface CopiedTable {
  readonly name: string;
  /** Its rows never change: the columns, ascending, by which they are read page by page. */
  readonly by?: readonly string[];
  /** Rows of one page, where they may be larger than a reading. */
  readonly page?: number;
}

/** In the order in which they are put back. */
export const COPIED_TABLES: readonly CopiedTable[] = [
  { name: "stream" },
  // Strangers upload them, 128 kB each: neither few nor small. What the chain names stays; what comes while the copy is made
  // may be in it or not.
  { name: "document", by: ["hash"], page: 50 },
  { name: "leaf", by: ["position"] },
  // Only what is sealed of one is ever sealed again, for another scope: a copy has it before or after, whole.
  { name: "reading", by: ["position"] },
  { name: "record", by: ["position"] },
  { name: "request", by: ["position"] },
  { name: "request_answer", by: ["position"] },
  // What is posted is gone: few wait.
  { name: "webhook" },
  { name: "ack", by: ["first"] },
  // Written when a stream ended, before anybody serves its successor.
  { name: "broken_ack", by: ["stream", "first"] },
  { name: "device_head" },
  // Its newest rows still change; copy-out.ts reads those inside the transaction.
  { name: "batch", by: ["number"] },
  { name: "released_value", by: ["position", "segment"] },
  { name: "release", by: ["position"] },
  { name: "held" },
  { name: "evidence", by: ["number"] },
  { name: "outbox" },
  // Each stands for itself, signed: what comes while the copy is made may be in it or not.
  { name: "finding", by: ["digest", "oracle"] },
];

/** Not in a copy: the chain tells its blocks and events again, migrations are applied anew, and readings say whose they are. */
export const UNCOPIED_TABLES = ["chain_block", "chain_event", "migration", "sealed_scope"];
