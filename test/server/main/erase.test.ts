import { expect } from "chai";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { buildRecord, readRecord, type ErasureRecord } from "../../../protocol/record.ts";
import { planErasure, readAsked, stretchOf } from "../../../server/main/erase/plan.ts";

const id = (byte: number): Hex => `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return "done";
  } catch (error) {
    return error instanceof TwinwardError ? error.code : error;
  }
};

describe("erase", () => {
  const months = ["2026-11", "2026-09", "2026-10"];

  it("plans the months that have a key, in order, and nothing else", () => {
    const known = { device: id(1), months };
    const all = { device: id(1), scope: id(2), months: ["2026-09", "2026-10", "2026-11"] };
    expect(planErasure({ scope: id(2) }, known)).to.deep.equal(all);
    const some = planErasure({ scope: id(2), months: ["2026-10", "2025-01"] }, known);
    expect(some.months).to.deep.equal(["2026-10"]);
    for (const [asked, of] of [
      [{ scope: id(2), months: ["2025-01"] }, known],
      [{ scope: id(2) }, { device: id(1), months: [] }],
      [{ scope: id(2) }, { device: undefined, months }],
    ] as const)
      expect(codeOf(() => planErasure(asked, of))).to.equal("NOTHING_TO_ERASE");
  });

  it("takes nothing from the socket but an id and months", () => {
    expect(readAsked({ scope: id(2) })).to.deep.equal({ scope: id(2) });
    const twice = readAsked({ scope: id(2), months: ["2026-10", "2026-10"] });
    expect(twice).to.deep.equal({ scope: id(2), months: ["2026-10"] });
    for (const asked of [
      {},
      { scope: "all" },
      { scope: id(2).toUpperCase() },
      ...[[], "2026-10", ["2026-13"], ["2026-1"], [202610], [null]].map((wrong) => ({ scope: id(2), months: wrong })),
    ])
      expect(
        codeOf(() => readAsked(asked)),
        JSON.stringify(asked),
      ).to.equal("MALFORMED_REQUEST");
  });

  it("knows where a month begins and ends", () => {
    expect(stretchOf("2026-12")).to.deep.equal([Date.UTC(2026, 11, 1), Date.UTC(2027, 0, 1)]);
  });

  it("writes a record that has one form", () => {
    const record: ErasureRecord = {
      format: "erasure@1",
      stream: id(3),
      at: 1,
      salt: "0x000102030405060708090a0b0c0d0e0f",
      device: id(1),
      scope: id(2),
      months: ["2026-09", "2026-10"],
      cause: "request",
    };
    const { text } = buildRecord(record);
    expect(readRecord(text)).to.deep.equal(record);
    for (const change of [
      { months: [] },
      { months: ["2026-10", "2026-09"] },
      { months: ["2026-10", "2026-10"] },
      { months: ["2026-00"] },
      { cause: "whim" },
      { device: "0x01" },
      { reader: id(4) },
    ])
      expect(
        codeOf(() => buildRecord({ ...record, ...change } as ErasureRecord)),
        JSON.stringify(change),
      ).to.equal("UNUSABLE_RECORD");
  });
});
