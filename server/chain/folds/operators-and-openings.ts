import type { Hex } from "../../../protocol/bytes.ts";
import type { OpeningFact } from "../view.ts";
import { append, type Folds, type Pen } from "./pen.ts";

const NOBODY = /^0x0+$/;

export const OPERATORS_AND_OPENINGS: Folds = {
  "Operators.RoleGranted": (pen, read) => {
    // Of somebody who has it already only the delay changes, and `since` is that change's.
    if (!read.flag("newMember")) return;
    pen.write("roles").set(roleKey(read.big("roleId"), read.hex("account")), read.int("since"));
  },
  "Operators.RoleRevoked": (pen, read) => {
    pen.write("roles").delete(roleKey(read.big("roleId"), read.hex("account")));
  },

  "GrantRegistry.Paused": (pen) => void pen.write("pauses").set("grants", true),
  "GrantRegistry.Resumed": (pen) => void pen.write("pauses").set("grants", false),

  "BreakGlass.EmergencyTwinNamed": (pen, read) => {
    const [assignment, twin] = [read.hex("assignment"), read.hex("twin")];
    const emergencies = pen.write("emergencies");
    if (NOBODY.test(twin)) emergencies.delete(assignment);
    else emergencies.set(assignment, { assignment, twin, member: read.int("member") });
  },
  "BreakGlass.BreakGlassOpened": (pen, read, { block, transaction }) => {
    const [id, twin, second] = [read.hex("opening"), read.hex("twin"), read.hex("second")];
    pen.write("openings").set(id, {
      id,
      twin,
      case: read.hex("caseId"),
      member: read.int("member"),
      opener: read.hex("opener"),
      second: NOBODY.test(second) ? null : second,
      reason: read.hex("reason"),
      openedAt: block.timestamp,
      until: read.int("until"),
      reviewBy: read.int("reviewBy"),
      transaction,
      ended: null,
      review: null,
    });
    append(pen.write("openingsOf"), twin, id);
  },
  "BreakGlass.BreakGlassEnded": (pen, read, { block, transaction }) => {
    const ended = { by: read.hex("by"), at: block.timestamp, transaction };
    changeOpening(pen, read.hex("opening"), (opening) => ({ ...opening, ended }));
  },
  "BreakGlass.BreakGlassReviewed": (pen, read, { block, transaction }) => {
    const found = { by: read.hex("reviewer"), justified: read.flag("justified"), note: read.hex("note") };
    const review = { ...found, at: block.timestamp, transaction };
    changeOpening(pen, read.hex("opening"), (opening) => ({ ...opening, review }));
  },
};

export function roleKey(role: bigint, account: Hex): string {
  return `${role} ${account}`;
}

function changeOpening(pen: Pen, id: Hex, change: (opening: OpeningFact) => OpeningFact): void {
  const openings = pen.write("openings");
  const opening = openings.get(id);
  if (opening !== undefined) openings.set(id, change(opening));
}
