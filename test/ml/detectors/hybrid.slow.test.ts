import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFrame, readTraining } from "../../../ml/data/frame.ts";
import { hybrid } from "../../../ml/detectors/hybrid/hybrid.ts";
import { openDetector } from "../../../ml/detectors/open-detector.ts";
import { trainDetector } from "../../../ml/detectors/train-detector.ts";
import { countConfusion, f1 } from "../../../ml/evaluate/confusion.ts";
import { pumpRows } from "../../helpers/pump-rows.ts";

describe("a hybrid that was told of attacks, on later files", function () {
  this.timeout(600_000);

  it("keeps the F1 that its card promises", async () => {
    const directory = mkdtempSync(join(tmpdir(), "hybrid-slow-"));
    try {
      const [learned, later] = ["learned", "later"].map((seed) => {
        writeFileSync(join(directory, seed), pumpRows({ rows: seed === "learned" ? 2_400 : 1_200, seed }));
        return join(directory, seed);
      }) as [string, string];
      const asked = { hasHeader: true, time: "at", label: "attack", drop: [], normal: "normal" };
      const { model } = await trainDetector(await readTraining({ ...asked, files: [learned] }), {
        detector: hybrid,
        falseAlarms: 0.02,
        allowedLeaks: [],
        engine: undefined,
        seed: "1",
        progress: async () => undefined,
      });
      const promised = model.card.metrics.find(({ name }) => name === "F1")!;
      expect(promised.value).to.be.greaterThan(0.5);
      const detector = await openDetector(model);
      const { alarms } = await detector.judge((await readFrame(later, detector.reading)).frame);
      const labels = Uint8Array.from(alarms, (_, row) => Number(row % 60 >= 48));
      expect(f1(countConfusion(labels, alarms))).to.be.greaterThan(promised.low - 0.1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
