import { toNumber } from "./cells.ts";

/**
 * Whether a label says that a row is clean: 0, false, empty, or the word for it, in any case. All else is an attack.
 * `0.0` and `-0` are 0 as well.
 */
export function isClean(label: string, normal: string): boolean {
  const word = label.trim().toLowerCase();
  return word === "" || word === "false" || toNumber(word) === 0 || word === normal.trim().toLowerCase();
}

/** 1 where a row is attacked, 0 where it is clean. */
export const toLabels = (cells: readonly string[], normal: string): Uint8Array =>
  Uint8Array.from(cells, (cell) => (isClean(cell, normal) ? 0 : 1));
