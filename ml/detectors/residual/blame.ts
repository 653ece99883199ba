import { layOut, writeDesignRow } from "./design.ts";
import { mattersOf } from "./fuse.ts";
import type { Judged } from "./judge-residual.ts";
import { expectTarget } from "./relations.ts";
import type { ResidualSettings } from "./settings.ts";
import { weighRow } from "./twin.ts";

/** Evidence below this share of what clean rows reach is no evidence. */
const LEAST = 0.5;

/**
 * Which signals carry a row's score: those that, were they what the twin expects of them, would take most of the evidence away.
 * A signal that is lied about breaks every relation in which it is, its own and others'; put right, it mends them all.
 *
 * @returns by signal, not scaled
 */
export function blameSignals(settings: ResidualSettings, { evidence, strengths, row, last }: Judged): Float64Array {
  const { inputs, relations, fusion } = settings;
  const layout = layOut(inputs);
  const design = new Float64Array(layout.width);
  const matters = mattersOf(fusion, evidence.length);
  const amount = (all: ArrayLike<number>): number => {
    let sum = 0;
    for (let n = 0; n < all.length; n++) sum += matters[n]! * Math.max(0, Math.log(Math.abs(all[n]!) / LEAST));
    return sum;
  };
  const whole = amount(evidence);
  writeDesignRow(design, 0, layout, inputs, row, last);
  const blamed = Float64Array.from(inputs, (_, signal) => {
    const left = alternatives(settings, design, row, last, signal).map((value) => {
      const mended = row.with(signal, value);
      const other = new Float64Array(layout.width);
      writeDesignRow(other, 0, layout, inputs, mended, last);
      return amount(weighRow(settings, layout, other, 0, mended, last));
    });
    return Math.max(0, whole - Math.min(whole, ...left)) ** 2;
  });
  if (blamed.some((own) => own > 0)) return blamed;
  // Nothing in this row alone: what has added up over rows counts for the signal of which it is.
  relations.forEach(({ target }, n) => (blamed[target]! += matters[n]! * strengths[n]!));
  return blamed;
}

/** What else a signal might be: what its relations expect, the other state, its usual value. */
function alternatives(
  { inputs, relations }: ResidualSettings,
  design: Float64Array,
  row: Float64Array,
  last: Float64Array | undefined,
  signal: number,
): number[] {
  if (Number.isNaN(row[signal]!)) return [];
  const { kind } = inputs[signal]!;
  if (kind === "still") return [0];
  if (kind === "switch") return [row[signal]! > 0.5 ? 0 : 1];
  return relations
    .filter(({ target, kind: own }) => target === signal && (own === "same" || last !== undefined))
    .map((relation) => expectTarget(relation, design, 0));
}
