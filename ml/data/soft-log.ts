/** Symmetric logarithm: counts and sizes spread over decades become steps. */
export const softLog = (value: number): number => Math.sign(value) * Math.log1p(Math.abs(value));
