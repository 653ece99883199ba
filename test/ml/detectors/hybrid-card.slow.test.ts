import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFrame, readTraining } from "../../../ml/data/frame.ts";
import { hybrid } from "../../../ml/detectors/hybrid/hybrid.ts";
import { openDetector } from "../../../ml/detectors/open-detector.ts";
import { trainDetector } from "../../../ml/detectors/train-detector.ts";
import { loadModel, saveModel } from "../../../ml/model/model-files.ts";
import { pumpRows } from "../../helpers/pump-rows.ts";

describe("a hybrid's card", () => {
  const directory = mkdtempSync(join(tmpdir(), "hybrid-"));
  after(() => rmSync(directory, { recursive: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };

  it("promises false alarms that later files keep, in a model that is saved and loaded", async () => {
    const files = [write("clean.csv", pumpRows({ rows: 900, seed: "clean", isAttacked: false }))];
    const training = await readTraining({ files, hasHeader: true, drop: ["attack", "at"], normal: "normal" });
    const { model } = await trainDetector(training, {
      detector: hybrid,
      falseAlarms: 0.02,
      allowedLeaks: [],
      engine: undefined,
      seed: "1",
      progress: async () => undefined,
    });
    const promised = model.card.metrics.find(({ name }) => name === "false positive rate")!;
    expect(model.card).to.include({ detector: "hybrid" });
    expect(promised.value).to.be.within(0.005, 0.04);

    const hash = saveModel(join(directory, "model"), model);
    const loaded = await openDetector(loadModel(join(directory, "model"), hash).model);
    const shareOf = async (file: string, isLooked: (row: number) => boolean): Promise<number> => {
      const { alarms } = await loaded.judge((await readFrame(file, loaded.reading)).frame);
      const looked = alarms.filter((_, row) => isLooked(row));
      return looked.reduce((sum, alarm) => sum + alarm, 0) / looked.length;
    };
    const later = write("later.csv", pumpRows({ rows: 600, seed: "later", isAttacked: false }));
    expect(await shareOf(later, () => true)).to.be.at.most(promised.high + 0.02);
    // Every other attack adds to the pressure, in the last twelve of sixty rows.
    const attacked = write("attacked.csv", pumpRows({ rows: 600, seed: "attacked" }));
    expect(await shareOf(attacked, (row) => row % 120 >= 48 && row % 120 < 60)).to.be.greaterThan(0.5);
  });
});
