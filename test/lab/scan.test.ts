import { expect } from "chai";
import { createBedside, SAMPLE_SECONDS } from "../../lab/bedside.ts";
import { createFalseData } from "../../lab/attacks/false-data.ts";
import { recordRows, SEEN } from "../../lab/record-rows.ts";
import { toWindow } from "../../lab/record-windows.ts";
import type { Sample } from "../../lab/sample.ts";
import { countCalls, worstEpisodes } from "../../lab/scan-person.ts";
import { extractRow } from "../../ml/detectors/regime/rows.ts";
import type { Rule } from "../../ml/detectors/regime/rules.ts";
import { cutStretches } from "../../ml/window.ts";

describe("weeks of a simulated ward", () => {
  it("are judged by the very numbers that oracles cut from windows, disturbed and falsified ones too", () => {
    const plan = { segment: "sys", kind: "offset", amount: 20, from: 100_000 } as const;
    const attack = createFalseData(plan);
    const rows = recordRows(createBedside("rows", 8)).next(598, createFalseData(plan));
    const bed = createBedside("rows", 8);
    const samples = Array.from({ length: 1_200 }, (_, i): Sample =>
      attack.falsify(bed.next().sample, i * 1000 * SAMPLE_SECONDS),
    );
    const stretches = cutStretches(toWindow(samples, 0), 3_000, 1_000);
    expect(stretches).to.have.length(rows.length);
    for (const [i, stretch] of stretches.entries())
      expect(rows[i], `second ${i}`).to.deep.equal(extractRow(SEEN, stretch));
    expect(
      rows.some(({ level }) => level.includes(NaN)),
      "a probe was off",
    ).to.equal(true);
  });

  const rules: Rule[] = [
    { part: "pca", sustain: 2, decides: "quarantine", limit: 2 },
    { part: "pca", sustain: 1, decides: "suspect", limit: 1 },
  ];
  const scoresWith = (beyond: Record<number, number>) => {
    const pca = new Float64Array(600);
    for (const [row, score] of Object.entries(beyond)) pca[Number(row)] = score;
    return { pca, regime: new Float64Array(600) };
  };

  it("count an alarm once a minute, and rounds each", () => {
    const scores = scoresWith({ 5: 1.5, 14: 1.5, 15: 1.5, 70: 1, 200: 0.9, 300: 3 });
    // 5 and 14 are one episode, 70 goes on with it: less than a minute after 15. 300 alone decides no quarantine.
    expect(countCalls(rules, scores, "suspect")).to.deep.equal({ rounds: 4, episodes: 2 });
    expect(countCalls(rules, scores, "quarantine")).to.deep.equal({ rounds: 0, episodes: 0 });
    const held = scoresWith({ 9: 2, 10: 2.5, 400: 2, 401: 2, 402: 2 });
    expect(countCalls(rules, held, "quarantine")).to.deep.equal({ rounds: 2, episodes: 2 });
    // The severer one is an alarm too, and no second one.
    expect(countCalls(rules.slice(0, 1), held, "suspect")).to.deep.equal({ rounds: 2, episodes: 2 });
  });

  it("give the worst episodes by what was held, each once", () => {
    const { pca } = scoresWith({ 10: 5, 11: 4, 12: 4.5, 100: 9, 200: 3, 201: 3, 350: 7, 351: 6, 352: 8 });
    expect(worstEpisodes(pca, 2, 3)).to.deep.equal([6, 4, 3]);
    expect(worstEpisodes(pca, 1, 2)).to.deep.equal([9, 8]);
  });
});
