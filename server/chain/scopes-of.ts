import type { Hex } from "../../protocol/bytes.ts";
import type { ScopeFrom, Scopes } from "../store/sealed-scopes.ts";
import type { ChainView } from "./view.ts";

/** To whom a device's sequences belong, as the chain says: its assignments, and the device itself between them. */
export function scopesOf(view: Pick<ChainView, "assignmentsOf">, device: Hex): Scopes {
  const bounds: ScopeFrom[] = [{ from: 1, scope: device }];
  const begin = (from: number, scope: Hex): void => {
    while ((bounds.at(-1)?.from ?? 0) >= from) bounds.pop();
    if (bounds.at(-1)?.scope !== scope) bounds.push({ from, scope });
  };
  for (const { id, from, end } of view.assignmentsOf(device)) {
    if (end !== null && end <= from) continue;
    begin(from, id);
    if (end !== null) begin(end, device);
  }
  return bounds;
}
