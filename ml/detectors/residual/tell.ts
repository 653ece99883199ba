import type { Judging } from "./settings.ts";
import type { Twin } from "./twin.ts";

/** What was learned and chosen, in sentences for the card. */
export function tellMethod(twin: Twin, { memory, fusion, hold }: Judging, signals: readonly string[]): string {
  const { relations, rules } = twin;
  const steps = relations.filter(({ kind }) => kind === "step").length;
  const parts = [
    `A twin of ${relations.length} relations among ${signals.length} signals, ridge regressions in each regime of the switches ` +
      `(${relations.length - steps} of the same row, ${steps} with the row before), ${rules.length} control rules and the ranges; ` +
      `each residual is measured by what one in ten thousand clean rows of its regime should exceed.`,
    {
      none: "No memory",
      average: `Averages with weight ${memory.rate} of the newest row`,
      sum: `Cumulative sums less ${memory.rate}`,
    }[memory.kind] + " of each residual.",
    tellFusion(fusion),
  ];
  if (hold.fade > 0) parts.push(`It fades by ${hold.fade} a row, from ${hold.most} at the most.`);
  for (const rule of rules) parts.push(tellRule(rule, twin, signals));
  return parts.join(" ");
}

function tellFusion(fusion: Judging["fusion"]): string {
  if (fusion.kind === "strongest") return "The score is the logarithm of the strongest evidence.";
  if (fusion.kind === "trees") return `The score is what ${fusion.trees.length} boosted trees make of all evidence.`;
  const used = fusion.weights.filter((weight) => weight > 0).length;
  return `The score weighs all evidence by logistic regression (${used} weights).`;
}

function tellRule(
  { switch: own, signal, sign, limits }: Twin["rules"][number],
  { inputs }: Twin,
  signals: readonly string[],
): string {
  const { offset, scale } = inputs[signal]!;
  const value = (scaled: number): string => (sign * scaled * scale + offset).toPrecision(4);
  const [below, above] = sign === 1 ? ["above", "below"] : ["below", "above"];
  return `${signals[own]} is never on with ${signals[signal]} ${below} ${value(limits.onMost)}, nor off with it ${above} ${value(limits.offLeast)}.`;
}
