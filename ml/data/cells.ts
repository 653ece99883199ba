const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const MISSING = new Set(["", "na", "n/a", "nan", "null", "none", "?", "-"]);

/** Whether a cell says that there is no value. */
export const isMissing = (cell: string): boolean => MISSING.has(cell.toLowerCase());

/** A cell as a number; NaN where it is none. Only decimal numbers are, neither 0x10 nor Infinity. */
export function toNumber(cell: string): number {
  if (!NUMBER.test(cell)) return NaN;
  const value = Number(cell);
  return Number.isFinite(value) ? value : NaN;
}
