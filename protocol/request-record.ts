import type { Hex } from "./bytes.ts";
import type { RecordHead } from "./record.ts";
import { readAsking, readPurposes, readSaid, readSegments, type Asking } from "./request.ts";
import type { Shape } from "./shape.ts";
import type { Purpose } from "./words.ts";

/** How a request ends. */
export const ANSWERS = ["approved", "narrowed", "refused", "expired"] as const;
export type AnswerWord = (typeof ANSWERS)[number];

interface RequestHead extends RecordHead {
  readonly format: "request@1";
  /** Its id, which is the leaf's subject. */
  readonly request: Hex;
  readonly reader: Hex;
}

/** What the grant of an approved request gives; times in seconds, [from, until). */
export interface Granted {
  readonly segments: string;
  readonly purposes: readonly Purpose[];
  readonly from: number;
  readonly until: number;
}

export type AskedRecord = RequestHead & {
  readonly step: "asked";
  readonly asked: Asking;
  /** There where the contract at the reader's address took the signature (ERC-1271), by the chain as it was then. */
  readonly signer?: "contract";
};
export type AnswerRecord =
  | (RequestHead & {
      readonly step: "approved" | "narrowed";
      /** The steward. */
      readonly by: Hex;
      readonly twin: Hex;
      readonly device: Hex;
      /** Its nonce is the request. */
      readonly grant: Hex;
      readonly granted: Granted;
    })
  | (RequestHead & { readonly step: "refused"; readonly by: Hex; readonly reason: string })
  | (RequestHead & { readonly step: "expired" });

/** request@1 as a record: each step of a request is one. */
export type RequestRecord = AskedRecord | AnswerRecord;

const HEAD = ["format", "stream", "at", "salt", "step", "request", "reader"] as const;

/** Holds a record against what its step says; the head's four are checked already. */
export function checkRequestRecord(shape: Shape): void {
  const { step } = shape.object();
  if (step === "asked") {
    const found = shape.members([...HEAD, "asked"], ["signer"]);
    found.signer?.literal("contract");
    const { reader } = readAsking(found.asked);
    checkHead(found);
    if (found.reader.value !== reader) throw found.reader.fault("not who asked");
  } else if (step === "refused") {
    const found = shape.members([...HEAD, "by", "reason"]);
    checkHead(found);
    found.by.hex(20);
    readSaid(found.reason);
  } else if (step === "expired") {
    checkHead(shape.members(HEAD));
  } else {
    const found = shape.members([...HEAD, "by", "twin", "device", "grant", "granted"]);
    found.step.literal("approved", "narrowed");
    checkHead(found);
    found.by.hex(20);
    found.twin.hex(32);
    found.device.hex(32);
    found.grant.hex(32);
    const granted = found.granted.members(["segments", "purposes", "from", "until"]);
    readSegments(granted.segments);
    readPurposes(granted.purposes);
    granted.from.integer();
    granted.until.integer();
  }
}

function checkHead(found: Record<"request" | "reader", Shape>): void {
  found.request.hex(32);
  found.reader.hex(20);
}
