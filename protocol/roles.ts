/**
 * The roles of the contract `Operators`; contracts/operators/Roles.sol has the same numbers. Those of one member are a family's
 * number above the member's.
 */
export const ROLES = ["pauser", "resumer", "holder", "reviewer", "appointer"] as const;
export type Role = (typeof ROLES)[number];

const ALONE = { pauser: 1n, resumer: 2n } as const;
const FAMILIES = { holder: 1n, reviewer: 2n, appointer: 3n } as const;

/** How long a resumer announces a resumption before it happens, seconds. */
export const RESUMED_AFTER = 3_600;

/** The number of a role; `member` counts only where each has one of its own. */
export function roleNumber(role: Role, member = 0): bigint {
  return role in ALONE
    ? ALONE[role as keyof typeof ALONE]
    : (FAMILIES[role as keyof typeof FAMILIES] << 16n) | BigInt(member);
}

/** Which role of which member a number is; undefined for one that is none of ours, as the admin's. */
export function roleOf(number: bigint): { readonly role: Role; readonly member: number | null } | undefined {
  const alone = (["pauser", "resumer"] as const).find((role) => ALONE[role] === number);
  if (alone) return { role: alone, member: null };
  const family = (["holder", "reviewer", "appointer"] as const).find((role) => FAMILIES[role] === number >> 16n);
  return family && { role: family, member: Number(number & 0xffffn) };
}
