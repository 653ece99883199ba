import { CHECKS, type Check, type CheckName } from "../../../protocol/index.ts";

/** Where each group of the protocol's checks begins, in the protocol's own order. */
const GROUPS: readonly { title: string; from: CheckName }[] = [
  { title: "The chain and its log", from: "chain id" },
  { title: "The leaf and its anchor", from: "leaf" },
  { title: "What was disclosed", from: "presentation" },
  { title: "The device and its key", from: "device id" },
  { title: "The record", from: "record" },
  { title: "The gateway's promise", from: "ack signature" },
];

/** The checks in groups that a person can take in; a group without checks is left out. */
export function groupChecks(checks: readonly Check[]): { title: string; checks: Check[] }[] {
  return GROUPS.map(({ title, from }, index) => {
    const begin = CHECKS.indexOf(from);
    const next = GROUPS[index + 1];
    const end = next === undefined ? CHECKS.length : CHECKS.indexOf(next.from);
    const inside = ({ name }: Check): boolean => CHECKS.indexOf(name) >= begin && CHECKS.indexOf(name) < end;
    return { title, checks: checks.filter(inside) };
  }).filter((group) => group.checks.length > 0);
}
