import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readRecord } from "../../protocol/record.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Permit } from "../access/permit.ts";
import type { Reader } from "./history.ts";
import type { Leaf, Proofs } from "./proofs.ts";
import type { Sight, TwinRooms } from "./rooms.ts";

/** What is asked for before it is known whether the reader may have it. */
export type LeafPlace =
  | { readonly kind: "reading"; readonly device: Hex; readonly sequence: number; readonly position: number }
  | { readonly kind: "record"; readonly leaf: Leaf };

export interface Receipts {
  find(leaf: Hex): Promise<LeafPlace | undefined>;
  /** The twins through which this reader might see a reading, for `authorize` to say. */
  twinsFor(place: LeafPlace & { kind: "reading" }, reader: Hex, sight: Sight): Hex[];
  /** Receipt of a reading, cut by the permit. Throws NOT_FOUND when the cut leaves nothing, NOT_ANCHORED_YET. */
  forReading(place: LeafPlace & { kind: "reading" }, permit: Permit): Promise<Receipt>;
  /** Receipt of a record, for whom it concerns: the reader that it names, or the steward of its device. */
  forRecord(place: LeafPlace & { kind: "record" }, reader: Hex, sight: Sight): Promise<Receipt>;
}

interface LeafRow {
  readonly position: number;
  readonly kind: number;
  readonly subject: Uint8Array;
  readonly sequence: number;
  readonly content: Uint8Array;
  readonly hash: Uint8Array;
}

/** receipt@1 for a leaf named by its hash. */
export function createReceipts(rooms: TwinRooms, proofs: Proofs, reader: Reader): Receipts {
  const { database } = rooms;

  return {
    async find(hash) {
      const [row] = await database.query<LeafRow>(
        "select position, kind, subject, sequence, content, hash from leaf where hash = $1",
        [fromHex(hash, 32)],
      );
      if (!row) return undefined;
      const { position, kind, sequence } = row;
      const subject = toHex(row.subject);
      if (kind === LEAF_KINDS.reading) return { kind: "reading", device: subject, sequence, position };
      const leaf = { position, kind, subject, sequence, content: toHex(row.content), hash: toHex(row.hash) };
      return { kind: "record", leaf };
    },

    twinsFor({ device, sequence }, reader, sight) {
      const assignment = sight.assignmentAt(device, sequence)?.id;
      const oracle = sight.isOracle(reader);
      return sight
        .twinsOf(device)
        .filter(({ id, security }) =>
          security
            ? oracle
            : assignment !== undefined &&
              sight.twin(id)?.assignment === assignment &&
              sight.grantsOf(id).some((grant) => grant.reader === reader),
        )
        .map(({ id }) => id);
    },

    async forReading({ sequence }, permit) {
      const stretch = { fromSequence: sequence, toSequence: sequence, receipts: true };
      const [shown] = (await reader.history(permit, stretch)).toJSON().readings;
      if (!shown) throw new TwinwardError("NOT_FOUND");
      if (!shown.receipt) throw new TwinwardError("NOT_ANCHORED_YET", { state: shown.state });
      return shown.receipt;
    },

    async forRecord({ leaf }, reader, sight) {
      const [row] = await database.query<{ body: string }>("select body from record where position = $1", [
        leaf.position,
      ]);
      const record = row && readRecord(row.body);
      if (!record || !concerns(record, reader, sight)) throw new TwinwardError("NOT_FOUND");
      const ack = (await proofs.acks([leaf.position])).get(leaf.position);
      if (!ack) throw new TwinwardError("DATA_UNUSABLE", { position: leaf.position });
      const proof = await proofs.receipt(leaf, ack, sight);
      if (!proof) throw new TwinwardError("NOT_ANCHORED_YET");
      return { ...proof, disclosed: { record } };
    },
  };
}

function concerns(record: { readonly [member: string]: unknown }, reader: Hex, sight: Sight): boolean {
  if (record.reader === reader) return true;
  return typeof record.device === "string" && sight.device(record.device as Hex)?.steward === reader;
}
