/** The closed lists of DESIGN.md section 3, in the order that fixes their numbers on the chain. */

/** Why somebody reads. Bit i of a purposes mask is the purpose at index i. */
export const PURPOSES = ["care", "emergency", "research", "maintenance", "audit", "security"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What a leaf is the hash of, and its number in leaf@1. */
export const LEAF_KINDS = {
  reading: 1,
  decision: 2,
  command: 3,
  consent: 4,
  release: 5,
  export: 6,
  erasure: 7,
  step: 8,
  refusals: 9,
  connections: 10,
  request: 11,
  /** Written by the chain itself: the end of the stream that this one succeeds. */
  end: 12,
} as const;
export type LeafKind = keyof typeof LEAF_KINDS;

/** A device's state; the index is the number that `DeviceRegistry` keeps. */
export const DEVICE_STATES = ["none", "registered", "active", "suspect", "quarantined", "retired"] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

/** What may be remarked on a reading or sample, as bits of a mask. */
export const FLAGS = { outOfRange: 1, late: 2, clock: 4, distrusted: 8, estimated: 16 } as const;
export type Flag = keyof typeof FLAGS;

/** The six contracts that every consortium has and that proofs name, in the order in which they are deployed. */
export const CONTRACTS = [
  "MemberRegistry",
  "DeviceRegistry",
  "AnchorLog",
  "TwinRegistry",
  "GrantRegistry",
  "VerdictOracle",
] as const;

/** Those about operators, deployed after them; a consortium that was founded before there were any has none. */
export const OPERATING_CONTRACTS = ["Operators", "BreakGlass"] as const;

export const ALL_CONTRACTS = [...CONTRACTS, ...OPERATING_CONTRACTS] as const;
export type ContractName = (typeof ALL_CONTRACTS)[number];

export function isPurpose(name: unknown): name is Purpose {
  return (PURPOSES as readonly unknown[]).includes(name);
}

/** Bit index of a purpose. */
export function purposeBit(name: Purpose): number {
  return PURPOSES.indexOf(name);
}

export function purposesMask(names: readonly Purpose[]): number {
  return names.reduce((mask, name) => mask | (1 << purposeBit(name)), 0);
}

export function purposeNames(mask: number): Purpose[] {
  return PURPOSES.filter((_, bit) => (mask & (1 << bit)) !== 0);
}

export function flagNames(mask: number): Flag[] {
  return (Object.keys(FLAGS) as Flag[]).filter((name) => (mask & FLAGS[name]) !== 0);
}
