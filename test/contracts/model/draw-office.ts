// What operators try next, and those who are none.
import { roleNumber } from "../../../protocol/roles.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import type { AccessModel } from "./access-model.ts";
import type { Drawn, Tools } from "./draw-act.ts";
import type { Appointed } from "./office-model.ts";
import { READERS, type PlayerName } from "./stage.ts";

const RESUME = interfaces.GrantRegistry.encodeFunctionData("resume");

export function officeActs(
  { office }: AccessModel,
  tools: Tools,
): readonly (readonly [weight: number, draw: () => Drawn])[] {
  const { often, one, player, address, drawn } = tools;
  const mostly = (...names: readonly PlayerName[]): PlayerName => (often(0.8) ? one(names) : player());
  const grants = tools.contract("GrantRegistry");

  const pause = (): Drawn => {
    const by = often(0.6) ? "pauser" : player();
    return drawn(by, "GrantRegistry", "pause", [], (who) => office.pause(who));
  };
  const resume = (): Drawn => drawn(mostly("resumer"), "GrantRegistry", "resume", [], (who) => office.resume(who));
  const schedule = (): Drawn =>
    drawn(mostly("resumer"), "Operators", "schedule", [grants, RESUME, 0], (who) => office.schedule(who));
  const cancel = (): Drawn =>
    drawn(mostly("pauser", "resumer"), "Operators", "cancel", [address("resumer"), grants, RESUME], (who) =>
      office.cancel(who),
    );
  const chosen = (): { readonly by: PlayerName; readonly role: Appointed; readonly account: PlayerName } => {
    const role = one(["holder", "reviewer"] as const);
    const account = often(0.7) ? one(READERS) : player();
    return { by: mostly("appointer"), role, account };
  };
  const appoint = (): Drawn => {
    const { by, role, account } = chosen();
    return drawn(by, "Operators", "grantRole", [roleNumber(role, 0), address(account), 0], (who) =>
      office.appoint(who, role, address(account)),
    );
  };
  const dismiss = (): Drawn => {
    const { by, role, account } = chosen();
    return drawn(by, "Operators", "revokeRole", [roleNumber(role, 0), address(account)], (who) =>
      office.dismiss(who, role, address(account)),
    );
  };
  return [
    [0.7, pause],
    [1.2, resume],
    [0.9, schedule],
    [0.4, cancel],
    [0.7, appoint],
    [0.2, dismiss],
  ];
}
