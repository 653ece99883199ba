import type { Hex } from "../../../protocol/bytes.ts";
import { readScopes, type Scopes } from "../../store/sealed-scopes.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

/** What is stored of under whose key readings lie; each is held against its own readings where the walk meets them. */
export async function auditScopes({ tx, view }: AuditWorld, lies: Lies): Promise<ReadonlyMap<Hex, Scopes>> {
  const found = await readScopes(tx);
  for (const [device, scopes] of found) {
    const place = `scopes of ${device}`;
    lies.hold(view.device(device) !== undefined, place, "the chain knows no such device");
    lies.hold(scopes[0]?.from === 1, place, "they do not begin with its first reading");
    for (const { from, scope } of scopes)
      lies.hold(
        scope === device || view.assignment(scope)?.device === device,
        place,
        `from ${from} on they name ${scope}, which is no assignment of this device`,
      );
  }
  return found;
}
