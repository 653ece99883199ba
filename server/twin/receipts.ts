import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readRecord, type LeafRecord } from "../../protocol/record.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { isDerived } from "../../protocol/manifest.ts";
import { isRelease } from "../../protocol/release.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { RecordPermit } from "../access/authorize.ts";
import type { Permit } from "../access/permit.ts";
import type { Documents } from "./documents.ts";
import type { Reader } from "./history.ts";
import type { Leaf, Proofs } from "./proofs.ts";
import type { Sight, TwinRooms } from "./rooms.ts";

/** What is asked for before it is known whether the reader may have it. */
export type LeafPlace =
  | { readonly kind: "reading"; readonly device: Hex; readonly sequence: number; readonly leaf: Hex }
  | { readonly kind: "record"; readonly leaf: Leaf; readonly record: LeafRecord; readonly signature?: Hex };

export interface Receipts {
  find(leaf: Hex): Promise<LeafPlace | undefined>;
  /** The twins through which this reader might see a reading or a release, for `authorize` to say; of other records none. */
  twinsFor(place: LeafPlace, reader: Hex, sight: Sight): Promise<Hex[]>;
  /** Receipt of a reading or a release, cut by the permit. Throws NOT_FOUND when the cut does not hold this leaf, NOT_ANCHORED_YET. */
  forTwin(place: LeafPlace, permit: Permit): Promise<Receipt>;
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
export function createReceipts(
  rooms: TwinRooms,
  proofs: Proofs,
  reader: Reader,
  documents: Pick<Documents, "manifest">,
): Receipts {
  const { database } = rooms;

  /** The twins of a device's assignment that were granted to somebody; for an oracle its security twin too. */
  function readable(device: Hex, assignment: Hex | undefined, who: Hex, sight: Sight): Hex[] {
    const oracle = sight.isOracle(who);
    return sight
      .twinsOf(device)
      .filter(({ id, security }) =>
        security
          ? oracle
          : assignment !== undefined &&
            sight.twin(id)?.assignment === assignment &&
            sight.grantsOf(id).some((grant) => grant.reader === who),
      )
      .map(({ id }) => id);
  }

  async function showsReadings(twin: Hex, sight: Sight): Promise<boolean> {
    const fact = sight.twin(twin);
    if (!fact || fact.security) return fact !== undefined;
    const manifest = await documents.manifest(fact.manifestHash);
    return manifest !== undefined && !isDerived(manifest);
  }

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

    async twinsFor(place, who, sight) {
      if (place.kind === "record") {
        const { record } = place;
        if (!isRelease(record)) return [];
        return readable(record.device, record.assignment, who, sight).filter((twin) => twin === record.twin);
      }
      const { device, sequence } = place;
      const twins = readable(device, sight.assignmentAt(device, sequence)?.id, who, sight);
      const raw = await Promise.all(twins.map((twin) => showsReadings(twin, sight)));
      return twins.filter((_, index) => raw[index]);
    },

    async forTwin(place, permit) {
      if (place.kind === "record") return forRelease(place, permit);
      const { device, sequence, leaf } = place;
      const { terms } = permit;
      // The permit may be for a twin of another device, which has a reading of this sequence too.
      if (terms.device.id !== device || !(await showsReadings(terms.twin.id, terms.view)))
        throw new TwinwardError("NOT_FOUND");
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

  /** By the history of its interval, so that a receipt never shows what the history would not. */
  async function forRelease({ record, leaf }: LeafPlace & { kind: "record" }, permit: Permit): Promise<Receipt> {
    if (!isRelease(record) || record.twin !== permit.terms.twin.id) throw new TwinwardError("NOT_FOUND");
    const releases = (await reader.released(permit, record.from)).toJSON().releases ?? [];
    const shown = releases.find((release) => release.leaf === leaf.hash);
    if (!shown) throw new TwinwardError("NOT_FOUND");
    if (!shown.receipt) throw new TwinwardError("NOT_ANCHORED_YET", { state: shown.state });
    return shown.receipt;
  }
}
