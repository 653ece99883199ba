import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readRecord, type LeafRecord } from "../../protocol/record.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { RecordPermit } from "../access/authorize.ts";
import type { Permit } from "../access/permit.ts";
import type { Reader } from "./history.ts";
import type { Leaf, Proofs } from "./proofs.ts";
import type { Sight, TwinRooms } from "./rooms.ts";

/** What is asked for before it is known whether the reader may have it. */
export type LeafPlace =
  | { readonly kind: "reading"; readonly device: Hex; readonly sequence: number; readonly leaf: Hex }
  | { readonly kind: "record"; readonly leaf: Leaf; readonly record: LeafRecord; readonly signature?: Hex };

export interface Receipts {
  find(leaf: Hex): Promise<LeafPlace | undefined>;
  /** The twins through which this reader might see a reading, for `authorize` to say. */
  twinsFor(place: LeafPlace & { kind: "reading" }, reader: Hex, sight: Sight): Hex[];
  /** Receipt of a reading, cut by the permit. Throws NOT_FOUND when the cut does not hold this leaf, NOT_ANCHORED_YET. */
  forReading(place: LeafPlace & { kind: "reading" }, permit: Permit): Promise<Receipt>;
  /** Receipt of a record, for whom `authorizeRecord` permitted it. Throws NOT_ANCHORED_YET. */
  forRecord(place: LeafPlace & { kind: "record" }, permit: RecordPermit): Promise<Receipt>;
}

interface LeafRow {
  readonly position: number;
  readonly kind: number;
  readonly subject: Uint8Array;
  readonly sequence: number;
  readonly content: Uint8Array;
  readonly hash: Uint8Array;
  /** Of a record, with the signature that is kept beside it. */
  readonly body: string | null;
  readonly signature: Uint8Array | null;
}

/** receipt@1 for a leaf named by its hash. */
export function createReceipts(rooms: TwinRooms, proofs: Proofs, reader: Reader): Receipts {
  const { database } = rooms;

  return {
    async find(hash) {
      const [row] = await database.query<LeafRow>(
        `select l.position, l.kind, l.subject, l.sequence, l.content, l.hash, r.body, r.signature
         from leaf l left join record r on r.position = l.position where l.hash = $1`,
        [fromHex(hash, 32)],
      );
      if (!row) return undefined;
      const { position, kind, sequence } = row;
      const subject = toHex(row.subject);
      if (kind === LEAF_KINDS.reading) return { kind: "reading", device: subject, sequence, leaf: hash };
      if (row.body === null) throw new TwinwardError("DATA_UNUSABLE", { position });
      const leaf = { position, kind, subject, sequence, content: toHex(row.content), hash };
      const signature = row.signature && { signature: toHex(row.signature) };
      return { kind: "record", leaf, record: readRecord(row.body), ...signature };
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

    async forReading({ device, sequence, leaf }, permit) {
      // The permit may be for a twin of another device, which has a reading of this sequence too.
      if (permit.terms.device.id !== device) throw new TwinwardError("NOT_FOUND");
      const stretch = { fromSequence: sequence, toSequence: sequence, receipts: true };
      const [shown] = (await reader.history(permit, stretch)).toJSON().readings;
      if (shown?.leaf !== leaf) throw new TwinwardError("NOT_FOUND");
      if (!shown.receipt) throw new TwinwardError("NOT_ANCHORED_YET", { state: shown.state });
      return shown.receipt;
    },

    async forRecord({ leaf, record, signature }, { view }) {
      const ack = (await proofs.acks([leaf.position])).get(leaf.position);
      if (!ack) throw new TwinwardError("DATA_UNUSABLE", { position: leaf.position });
      const proof = await proofs.receipt(leaf, ack, view);
      if (!proof) throw new TwinwardError("NOT_ANCHORED_YET");
      return { ...proof, disclosed: { record, ...(signature === undefined ? {} : { signature }) } };
    },
  };
}
