import { expect } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuto } from "../../../ml/detectors/auto/auto.ts";
import { baseline } from "../../../ml/detectors/baseline/baseline.ts";
import type { Detector, Learned } from "../../../ml/detectors/detector.ts";
import { mas } from "../../../ml/detectors/mas/mas.ts";
import { residual } from "../../../ml/detectors/residual/residual.ts";
import { keepWork, type Work } from "../../../ml/detectors/work.ts";
import { createRandom } from "../../../ml/random.ts";
import { trainInThread } from "../../../ml/train/thread.ts";
import type { TrainingProgress } from "../../../ml/train/train.ts";
import { circleRows } from "../../helpers/circle-rows.ts";
import { lessonOf } from "../../helpers/lesson.ts";
import { waves, wavesPlan } from "../../helpers/waves.ts";

describe("work that is kept", () => {
  const root = mkdtempSync(join(tmpdir(), "twinward-work-"));
  after(() => rmSync(root, { recursive: true }));
  const told: string[] = [];
  beforeEach(() => void told.splice(0));
  const openIn = (directory: string, lesson = "lesson"): Work =>
    keepWork(directory, lesson, (detail) => void told.push(detail));
  const freshDirectory = (): string => mkdtempSync(join(root, "kept-"));
  const onlyFile = (directory: string): string => join(directory, readdirSync(directory)[0]!);

  it("goes on with a network where it was stopped, and does not train a finished one again", async () => {
    const directory = freshDirectory();
    const task = { engine: "plain", plan: wavesPlan({ epochs: 6, later: null }), examples: waves(200) };
    const perEpoch = Math.ceil(200 / task.plan.batch);
    const stopping = new AbortController();
    const stopped = openIn(directory).train(task, {
      signal: stopping.signal,
      onProgress: ({ epoch }) => epoch === 2 && stopping.abort(new Error("enough")),
    });
    expect(await stopped.catch((error: Error) => error.message)).to.equal("enough");

    const steps: number[] = [];
    const onProgress = ({ step }: TrainingProgress): void => void steps.push(step);
    const ended = await openIn(directory).train(task, { onProgress });
    expect(steps[0]).to.be.greaterThan(2 * perEpoch);
    expect(ended).to.deep.equal(await trainInThread(task));
    steps.splice(0);
    expect(await openIn(directory).train(task, { onProgress })).to.deep.equal(ended);
    expect(steps).to.deep.equal([]);
    expect(told).to.deep.equal([]);
    expect(statSync(onlyFile(directory)).mode & 0o777).to.equal(0o600);
  });

  it("trains a network anew where what is kept of it is damaged, and says so", async () => {
    const directory = freshDirectory();
    const task = { engine: "plain", plan: wavesPlan({ epochs: 1 }), examples: waves(80) };
    const trained = await openIn(directory).train(task);
    const file = onlyFile(directory);
    const whole = readFileSync(file);
    for (const bytes of [whole.subarray(0, 200), Buffer.from("none of ours")]) {
      writeFileSync(file, bytes);
      expect(await openIn(directory).train(task)).to.deep.equal(trained);
      expect(told.splice(0)).to.deep.equal([`${file} is damaged.`]);
      expect(readFileSync(file).equals(whole)).to.equal(true);
    }
  });

  const { frame, labels } = circleRows(600, "work");
  const lesson = lessonOf(frame, labels, { folds: 3 });
  const nobody = (): Promise<Learned> => Promise.reject(new Error("It learns again."));
  /** Models hold settings as JSON. */
  const asHeld = ({ parts: { settings, ...parts }, ...learned }: Learned) => ({
    ...learned,
    parts: { ...parts, settings: JSON.stringify(settings) },
  });

  for (const detector of [baseline, residual, mas])
    it(`gives back what ${detector.name} has learned, to the bit, and only for the same lesson`, async () => {
      const directory = freshDirectory();
      const learned = await openIn(directory).learn(detector.name, () => detector.learn(lesson));
      expect(asHeld(await openIn(directory).learn(detector.name, nobody))).to.deep.equal(asHeld(learned));
      expect(told).to.deep.equal([]);

      const other = { ...learned, method: "another" };
      expect(await openIn(directory, "another lesson").learn(detector.name, async () => other)).to.equal(other);
      expect(told).to.have.length(1);
    });

  it("lets a detector learn anew where a byte of what is kept has changed, was cut off or added", async () => {
    const directory = freshDirectory();
    const learned: Learned = {
      outOfFold: Float64Array.of(1, NaN, -0),
      parts: { networks: {}, scaler: [{ signal: "a", offset: 1, scale: 2 }], settings: { a: [1, null] } },
      engine: "none",
      method: "first",
      losses: [{ network: "a", lines: [{ name: "b", points: [[1, 0.5]] }] }],
    };
    await openIn(directory).learn("one", async () => learned);
    expect(await openIn(directory).learn("one", nobody)).to.deep.equal(learned);
    const file = onlyFile(directory);
    const whole = readFileSync(file);
    const random = createRandom("learned");
    for (let n = 0; n < 30; n++) {
      const bytes = Buffer.from(whole);
      const at = random.integer(bytes.length);
      bytes[at] = bytes[at]! ^ (1 << random.integer(8));
      writeFileSync(file, [bytes, whole.subarray(0, at), Buffer.concat([whole, bytes.subarray(at)])][n % 3]!);
      const other = { ...learned, method: `${n}` };
      expect(await openIn(directory).learn("one", async () => other), `${n} at ${at}`).to.equal(other);
      expect(told.splice(0)).to.have.length(1);
    }
  });

  it("lets auto go on with the detectors that have learned", async () => {
    const directory = freshDirectory();
    let asked = 0;
    const counted: Detector = { ...baseline, learn: (own) => ((asked += 1), baseline.learn(own)) };
    // Ends the lesson as soon as the other has learned.
    const ending: Detector = {
      ...residual,
      async learn() {
        while (readdirSync(directory).length === 0) await new Promise((resolve) => setImmediate(resolve));
        throw new Error("It was killed.");
      },
    };
    const first = createAuto([counted, ending]).learn({ ...lesson, work: openIn(directory) });
    expect(await first.catch((error: Error) => error.message)).to.equal("It was killed.");
    const progress: [string, number][] = [];
    const resumed = await createAuto([counted, residual]).learn({
      ...lesson,
      work: openIn(directory),
      progress: async (done, what) => void progress.push([what, done]),
    });
    expect(asked).to.equal(1);
    expect(new Map(progress).get("baseline: has learned")).to.be.within(0.5, 0.6);
    expect(asHeld(resumed)).to.deep.equal(asHeld(await createAuto([baseline, residual]).learn(lesson)));
  });
});
