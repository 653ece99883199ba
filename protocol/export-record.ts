import type { Hex } from "./bytes.ts";
import type { RecordHead } from "./record.ts";
import type { Shape } from "./shape.ts";
import { PURPOSES, type Purpose } from "./words.ts";

/** export@1 as a record: what left the house in one archive. docs/formats/export.md. */
export interface ExportRecord extends RecordHead {
  readonly format: "export@1";
  readonly reader: Hex;
  readonly twin: Hex;
  readonly device: Hex;
  readonly purpose: Purpose;
  /** Leaf of the first decision that it rests on. */
  readonly decision: Hex;
  /** The stretch asked for, ms, [from, until). */
  readonly from: number | null;
  readonly until: number | null;
  /** Lines before the last one, and SHA-256 of their bytes with their line feeds. */
  readonly lines: number;
  readonly digest: Hex;
  /** Lowest and highest sequence of the readings, or of a derived twin's releases; null for none. */
  readonly sequences: readonly [number, number] | null;
  /** Null where all of the stretch was sent; else the code of what ended it before. */
  readonly ended: string | null;
}

/** Holds a record against its format; the head's four are checked already. */
export function checkExportRecord(shape: Shape): void {
  const found = shape.members([
    ...([
      "format",
      "stream",
      "at",
      "salt",
      "reader",
      "twin",
      "device",
      "purpose",
      "decision",
      "from",
      "until",
    ] as const),
    ...(["lines", "digest", "sequences", "ended"] as const),
  ]);
  found.reader.hex(20);
  for (const id of [found.twin, found.device, found.decision, found.digest]) id.hex(32);
  found.purpose.literal(...PURPOSES);
  found.from.orNull((time) => time.integer());
  found.until.orNull((time) => time.integer());
  found.lines.integer(1);
  found.sequences.orNull((pair) => {
    const [first = 0, last = 0, ...more] = pair.list((item) => item.integer(1));
    if (more.length > 0 || first === 0 || last < first) throw pair.fault("not [first, last]");
  });
  found.ended.orNull((code) => code.matching(/^[A-Z]+(?:_[A-Z]+)*$/, "a code"));
}
