import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calibrateTrained, pcaRules } from "../../lab/calibrate-ward.ts";
import { createBedside } from "../../lab/bedside.ts";
import { fitWardModel } from "../../lab/fit.ts";
import { fitWardTwin } from "../../lab/fit-twin.ts";
import { recordLearned } from "../../lab/fit-regime.ts";
import { recordRows } from "../../lab/record-rows.ts";
import { countCalls } from "../../lab/scan-person.ts";
import { PERSON, writeWardRows } from "../../lab/write-rows.ts";
import { readTraining } from "../../ml/data/frame.ts";
import { openDetector } from "../../ml/detectors/open-detector.ts";
import { toColumns } from "../../ml/detectors/regime/rows.ts";
import { scoreTrained } from "../../ml/detectors/trained/open-trained.ts";
import { parseTrained } from "../../ml/detectors/trained/parse-trained.ts";
import { loadModel, saveModel } from "../../ml/model/model-files.ts";

const HOUR = 3_600;

describe("a model of detect train for the ward", () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), "ward-"))));
  after(() => rmSync(directory, { recursive: true }));

  it("learns from a file that holds the very numbers that oracles cut from windows", async () => {
    const file = join(directory, "rows.csv");
    writeWardRows(file, "small", 2);
    const { frame } = await readTraining({
      files: [file],
      hasHeader: true,
      device: PERSON,
      drop: [],
      normal: "normal",
    });
    const rows = [0, 1].flatMap((person) => recordLearned("small", person).map(toColumns));
    expect(frame.rows).to.equal(rows.length);
    expect(frame.stretches.map(({ length }) => length)).to.deep.equal([rows.length / 2, rows.length / 2]);
    frame.values.forEach((values, n) =>
      expect(Array.from(values), frame.signals[n]).to.deep.equal(rows.map((row) => row[n])),
    );
    expect(rows.some((row) => row.includes(NaN))).to.equal(true);
  });

  it("is calibrated by weeks of others, keeps to that, and can still be read by detect score", async () => {
    const trained = await fitWardTwin("small", { people: 4 });
    const plan = { seed: "small", weeks: 0.05, threads: 1, onDone: () => undefined };
    const calibrated = await calibrateTrained(trained, fitWardModel("small", 0.1), plan);
    const hash = saveModel(join(directory, "model"), calibrated);
    const { model } = loadModel(join(directory, "model"), hash);
    const { rules, pca, scale, columns } = parseTrained(model);
    expect(rules).to.have.length(10);
    expect(pcaRules(pca!)).to.have.length(2);
    const detector = await openDetector(model);
    expect(detector.threshold).to.equal(trained.thresholds.alarm);
    // One of those whom the limits come from: of each rule, no more than three suspicions and one quarantine in all their hours.
    const recorder = recordRows(createBedside("small/limits/0"));
    let calls = 0;
    for (let hour = 0; hour < 6; hour++) {
      const scores = { rows: await scoreTrained({ columns, scale }, detector, recorder.next(HOUR)) };
      calls += countCalls(
        rules.filter(({ part, sustain }) => part === "rows" && sustain === 2),
        scores,
        "suspect",
      ).episodes;
    }
    expect(calls).to.be.at.most(3);
  });
});
