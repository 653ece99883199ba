import type { Hex } from "../../protocol/bytes.ts";
import { segmentNames, type DeviceModel } from "../../protocol/device-model.ts";
import type { Receipt } from "../../protocol/receipt.ts";
import { valuesOf, type ReleaseRecord } from "../../protocol/release.ts";
import type { Flag } from "../../protocol/words.ts";
import type { PermitTerms } from "../access/permit.ts";
import type { Stage } from "./scope.ts";

/** A release with the values of all its segments: never leaves the house. */
export interface WholeRelease {
  readonly record: ReleaseRecord;
  /** Of its leaf; counted per twin. */
  readonly sequence: number;
  readonly leaf: Hex;
  readonly position: number;
  readonly state: Stage;
  /** Number of the batch that it is sealed in. */
  readonly batch: number | null;
  /** The characters of each segment's value. */
  readonly values: readonly string[];
  /** Its values were erased. */
  readonly erased: boolean;
  /** The rest of a receipt, where one was asked for; null while the release is not anchored. */
  readonly proof?: Omit<Receipt, "disclosed"> | null;
}

/** Why a stretch has no more releases, and from which interval on, ms. */
export interface Withheld {
  readonly code: "BUDGET_SPENT";
  readonly from: number;
}

/** A stretch of what was released through a twin, whole. */
export interface ReleasedTwin {
  readonly device: Hex;
  readonly model: DeviceModel;
  /** When it was loaded, ms. */
  readonly at: number;
  /** In order of time. */
  readonly releases: readonly WholeRelease[];
  /** Beginning of the interval at which the stretch goes on, ms; null at its present end. */
  readonly nextSince: number | null;
  readonly withheld: Withheld | null;
}

/** One release as a reader gets it. */
export interface ShownRelease {
  readonly sequence: number;
  /** The interval, ms, [from, until). */
  readonly from: number;
  readonly until: number;
  readonly leaf: Hex;
  readonly position: number;
  /** release@1: what the leaf is the hash of; it has a hash for every segment's value. */
  readonly record: ReleaseRecord;
  /** The values of the permitted segments only. */
  readonly values: readonly string[];
  /** What it said was erased: here is what still proves that it was said, and nothing of it. */
  readonly erased?: true;
  readonly flags: readonly Flag[];
  readonly state: Stage;
  readonly batch: number | null;
  /** receipt@1, where asked for; null while the release is not anchored. */
  readonly receipt?: Receipt | null;
}

/** The permitted releases of a stretch with the values of permitted segments. For `scope` alone; pure. */
export function showReleases(twin: ReleasedTwin, terms: PermitTerms, delayMs: number): ShownRelease[] {
  const permitted = segmentNames(twin.model, terms.segments & terms.twin.segments);
  const inside = ({ record: { from, until, leaves, twin: its } }: WholeRelease): boolean =>
    its === terms.twin.id &&
    leaves.first >= terms.first &&
    (terms.end === null || leaves.last < terms.end) &&
    (terms.from === null || from >= terms.from) &&
    (terms.until === null || from < terms.until) &&
    until + delayMs <= twin.at;
  return twin.releases.filter(inside).map(({ values: all, proof, record, erased, ...place }) => {
    const values = all.filter((one) => valuesOf([one]).every(({ segment }) => permitted.includes(segment)));
    return {
      ...place,
      from: record.from,
      until: record.until,
      record,
      values,
      ...(erased ? { erased: true } : {}),
      flags: terms.distrusted ? ["distrusted"] : [],
      ...(proof === undefined ? {} : { receipt: proof && { ...proof, disclosed: { record: { ...record }, values } } }),
    };
  });
}
