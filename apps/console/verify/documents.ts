import { isRecord } from "../is-record.ts";

/** A file or a pasted text that a person brought. */
export interface Document {
  name: string;
  text: string;
}

/** The three documents that verifying can need. */
export type Slot = "receipt" | "trust" | "anchors";

/** Larger files (bytes) are refused before they are read: an anchors file of a million batches is about half of it. */
export const DOCUMENT_LIMIT = 512 * 1024 * 1024;

const SLOTS: Record<string, Slot> = { "receipt@1": "receipt", "consortium@1": "trust", "anchors@1": "anchors" };

/** Which place a document belongs in, by its `format`; undefined where it names none that verifying needs. */
export function slotOf(text: string): Slot | undefined {
  const format = memberOf(text, "format");
  return format !== undefined && Object.hasOwn(SLOTS, format) ? SLOTS[format] : undefined;
}

/** The node's address that a consortium.json offers; undefined where there is none. Only a suggestion. */
export function nodeOf(text: string): string | undefined {
  return memberOf(text, "rpc");
}

/** A text member of the outermost object. Only hints are taken this way: the protocol reads strictly later. */
function memberOf(text: string, name: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const member = isRecord(value) ? value[name] : undefined;
    return typeof member === "string" ? member : undefined;
  } catch {
    return undefined; // the verifier will say what is wrong with it
  }
}

/**
 * The text of a chosen or dropped file.
 *
 * @throws Error in words, when it is too large or not UTF-8
 */
export async function readDocument(file: File): Promise<Document> {
  if (file.size > DOCUMENT_LIMIT) throw new Error(`${file.name} is larger than ${DOCUMENT_LIMIT / 1024 / 1024} MB`);
  try {
    // File.text() would replace bytes that are no UTF-8, and so change what is verified.
    return { name: file.name, text: new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()) };
  } catch (cause) {
    throw new Error(`${file.name} is not a text file in UTF-8`, { cause });
  }
}

/** A size in bytes as a person says it. */
export function toSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
