import type { Hex } from "../../../protocol/index.ts";
import type { ListedTwin } from "../../sdk/answers.ts";

type Grant = ListedTwin["grants"][number];

/** The grants that end with one: what was passed on of it, of that again, and so on; those that ended before are not among them. */
export function endsWith(grant: Hex, grants: readonly Grant[]): Grant[] {
  const children = grants.filter(({ parent, revoked }) => parent === grant && !revoked);
  return children.flatMap((child) => [child, ...endsWith(child.grant, grants)]);
}
