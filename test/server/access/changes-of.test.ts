import { expect } from "chai";
import type { Hex } from "../../../protocol/bytes.ts";
import { changesOf } from "../../../server/access/changes-of.ts";
import type { AssignmentFact } from "../../../server/chain/view.ts";

const DEVICE: Hex = `0x${"d1".repeat(32)}`;

describe("changes of assignments", () => {
  const assignment = (n: number, from: number, beganAt: number, endedAt: number | null): AssignmentFact => ({
    ...{ id: `0x${String(n).repeat(64)}`, device: DEVICE, n, from, end: endedAt === null ? null : from + 10 },
    ...{ beganAt, endedAt, subject: null, guardian: null },
  });
  const of = (...facts: AssignmentFact[]): number[] => changesOf({ assignmentsOf: () => facts }, DEVICE);

  it("are every beginning and end, but not the beginning of what a device says first", () => {
    expect(of()).to.deep.equal([]);
    expect(of(assignment(0, 1, 100, null))).to.deep.equal([]);
    expect(of(assignment(0, 1, 100, 200), assignment(1, 11, 300, null))).to.deep.equal([200, 300]);
    expect(of(assignment(0, 5, 100, null)), "it spoke before").to.deep.equal([100]);
  });
});
