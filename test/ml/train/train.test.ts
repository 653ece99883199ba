import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { performance } from "node:perf_hooks";
import { loadEngine } from "../../../ml/engines/load.ts";
import { createPlainEngine } from "../../../ml/engines/plain.ts";
import { createRandom } from "../../../ml/random.ts";
import { orderOf, partsOf, type Examples } from "../../../ml/train/examples.ts";
import { rateAt } from "../../../ml/train/plan.ts";
import { readSealed, writeSealed } from "../../../ml/sealed-file.ts";
import { trainInThread } from "../../../ml/train/thread.ts";
import { train, type TrainingProgress } from "../../../ml/train/train.ts";
import { waves, wavesPlan } from "../../helpers/waves.ts";

const PROGRAM = fileURLToPath(new URL("../../helpers/train-waves.ts", import.meta.url));
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe("training", () => {
  const directory = mkdtempSync(join(tmpdir(), "twinward-train-"));
  after(() => rmSync(directory, { recursive: true }));

  it("learns, and what it has learned holds on a stretch that lies later", async () => {
    const plan = wavesPlan({ epochs: 25 });
    const { history, bestEpoch } = await train({ engine: await loadEngine("onnx"), plan, examples: waves(600) });
    const best = history.find(({ epoch }) => epoch === bestEpoch);
    expect(history[0]?.later).to.be.greaterThan(0.5);
    expect(best?.later).to.be.lessThan(0.25);
    expect(best?.later).to.equal(Math.min(...history.map(({ later }) => later ?? Infinity)));
  });

  it("stops when the later stretch has not become better for as many epochs as it has patience, and keeps the best", async () => {
    // What is later is unlike all before: learning more makes it worse.
    const examples = waves(200);
    const y = examples.columns.y?.values.map((value, i) => (i < 160 ? value : 1 - value)) ?? new Float32Array();
    const turned: Examples = { ...examples, columns: { ...examples.columns, y: { values: y, size: 1 } } };
    const plan = wavesPlan({ epochs: 40, later: { share: 0.2, gap: 7, patience: 2 } });
    const engine = await loadEngine("onnx");
    const { parameters, history, bestEpoch } = await train({ engine, plan, examples: turned });
    expect(history.length)
      .to.equal(bestEpoch + 2)
      .and.to.be.lessThan(40);
    const until = await train({
      engine,
      plan: { ...plan, later: { share: 0.2, gap: 7, patience: 40 } },
      examples: turned,
    });
    expect(until.history.slice(0, history.length)).to.deep.equal(history);
    expect(until.bestEpoch === bestEpoch ? until.parameters : parameters).to.deep.equal(parameters);
  });

  it("of few epochs, with the rate of more, is the beginning of those", async () => {
    const engine = await loadEngine("onnx");
    const plan = wavesPlan({ epochs: 6, later: null });
    const rate = { ...plan.rate, shape: "cosine" as const };
    const long = await train({ engine, plan: { ...plan, rate }, examples: waves(200) });
    const short = await train({
      engine,
      plan: { ...plan, rate: { ...rate, span: 6 }, epochs: 3 },
      examples: waves(200),
    });
    expect(short.history).to.deep.equal(long.history.slice(0, 3));
    const whole = await train({ engine, plan: { ...plan, rate, epochs: 3 }, examples: waves(200) });
    expect(whole.history).not.to.deep.equal(short.history);
  });

  for (const name of ["onnx", "plain", "tfjs"])
    it(`gives the same bits for a seed and others for another: ${name}`, async () => {
      const engine = await loadEngine(name);
      const learn = async (seed: string) =>
        train({ engine, plan: wavesPlan({ seed, epochs: 1 }), examples: waves(80) });
      const [first, again, other] = [await learn("a"), await learn("a"), await learn("b")];
      expect(again).to.deep.equal(first);
      expect(other.parameters).to.not.deep.equal(first.parameters);
    });

  it("killed at any step and begun again gives the bits of a training that ran through", async () => {
    const through = run();
    expect(through.filter((line) => /^(?:learned|history) /.test(line))).to.have.length(2);
    // Of 4 epochs of 4 steps: in the first, before an epoch is ended, in the third, and where the checkpoint is three steps old.
    const kept = keptIn("killed");
    await killAt(2, kept, "0");
    await killAt(8, kept, "0");
    await killAt(11, kept, "0");
    await killAt(15, kept, "Infinity");
    const resumed = run(kept, "0");
    expect(resumed[0]).to.equal("step 13");
    expect(resumed).to.deep.equal(through.slice(through.indexOf("step 13")));
  });

  /** What the program says when it runs to its end. */
  function run(...words: string[]): string[] {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], { encoding: "utf8" });
    expect(status, stderr).to.equal(0);
    return stdout.trim().split("\n");
  }

  /** Runs the program with its checkpoint until it has done this step, and kills it. */
  async function killAt(step: number, kept: string, everyMs: string): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, kept, everyMs, String(step)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(`step ${step}\n`)) child.kill("SIGKILL");
    });
    const signal = await new Promise((resolve) => child.once("close", (_, by) => resolve(by)));
    expect(signal, said).to.equal("SIGKILL");
  }

  const keptIn = (name: string): string => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  };
  const filesOf = (kept: string): string[] => readdirSync(kept).map((name) => join(kept, name));

  it("goes on from a checkpoint of the same training only", async () => {
    const engine = createPlainEngine();
    const checkpoint = { directory: keptIn("others"), everyMs: Infinity };
    const [plan, examples] = [wavesPlan({ epochs: 1 }), waves(80)];
    const first = await train({ engine, plan, examples, checkpoint });
    const [own] = filesOf(checkpoint.directory);
    const steps: number[] = [];
    const again = { engine, plan, examples, checkpoint, onProgress: ({ step }: TrainingProgress) => steps.push(step) };
    expect(await train(again)).to.deep.equal(first);
    expect(steps, "steps of a training that was at its end").to.deep.equal([]);
    const others = [
      { engine, plan: wavesPlan({ epochs: 2 }), examples },
      { engine, plan, examples: waves(80, "others") },
      { engine: await loadEngine("onnx"), plan, examples },
    ];
    for (const [n, other] of others.entries()) {
      const alone = await train(other);
      const before = filesOf(checkpoint.directory);
      expect(await train({ ...other, checkpoint })).to.deep.equal(alone);
      const [added, ...more] = filesOf(checkpoint.directory).filter((file) => !before.includes(file));
      expect(more, `${n}: a name of its own`).to.deep.equal([]);
      // Under another's name it is of no use.
      writeFileSync(added!, readFileSync(own!));
      expect(await codeOf(train({ ...other, checkpoint }))).to.equal("CHECKPOINT_UNUSABLE");
    }
  });

  it("refuses a checkpoint with any byte changed, cut off or added, or with states that are none of its own", async () => {
    const kept = keptIn("changed");
    const task = { engine: createPlainEngine(), plan: wavesPlan({ epochs: 1 }), examples: waves(80) };
    const again = () => train({ ...task, checkpoint: { directory: kept, everyMs: Infinity } });
    await again();
    const file = filesOf(kept)[0]!;
    const whole = readFileSync(file);
    const random = createRandom("fuzz");
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.from(whole);
      const at = random.integer(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
      const cut = [bytes, whole.subarray(0, at), Buffer.concat([whole, whole.subarray(0, 1 + random.integer(99))])][
        i % 3
      ];
      writeFileSync(file, cut ?? whole);
      expect(await codeOf(again()), `${i} at ${at}`).to.equal("CHECKPOINT_UNUSABLE");
    }
    writeFileSync(file, whole);
    const { header, body } = readSealed(file) as { header: { states: { name: string; size: number }[] }; body: Buffer };
    const [state, ...states] = header.states;
    for (const changed of [states, [{ ...state!, name: "another" }, ...states]]) {
      const rest = changed.length === states.length ? body.subarray(4 * state!.size) : body;
      writeSealed(file, { ...header, states: changed }, [rest]);
      expect(await codeOf(again())).to.equal("CHECKPOINT_UNUSABLE");
    }
  });

  it("in a thread leaves the one that asked for it free, and gives the same bits", async () => {
    const [plan, examples] = [wavesPlan({ epochs: 6 }), waves(400)];
    const heard: TrainingProgress[] = [];
    const before = performance.eventLoopUtilization();
    const trained = await trainInThread({ engine: "plain", plan, examples }, { onProgress: (now) => heard.push(now) });
    const { utilization } = performance.eventLoopUtilization(before);
    expect(trained).to.deep.equal(await train({ engine: createPlainEngine(), plan, examples }));
    expect(utilization).to.be.lessThan(0.5);
    expect(heard.length).to.be.greaterThan(60);
    expect(heard.at(-1)).to.include({ epoch: 6, epochs: 6, step: heard.at(-1)?.steps, remainingMs: 0 });
    expect(heard.every(({ loss, remainingMs }) => loss > 0 && remainingMs >= 0)).to.equal(true);
  });

  it("stops when it is told to, and its thread with it", async () => {
    const stopping = new AbortController();
    const task = { engine: "plain", plan: wavesPlan({ epochs: 10_000, later: null }), examples: waves(80) };
    const options = { signal: stopping.signal, onProgress: () => stopping.abort(new Error("enough")) };
    const ended = await trainInThread(task, options).catch((error: unknown) => error);
    expect(ended).to.be.instanceOf(Error).with.property("message", "enough");
  });

  it("refuses in a thread as it does here", async () => {
    const examples = waves(80);
    expect(await codeOf(trainInThread({ engine: "none", plan: wavesPlan(), examples }))).to.equal("ENGINE_UNKNOWN");
    const few = trainInThread({ engine: "plain", plan: wavesPlan(), examples: waves(5) });
    expect(await codeOf(few)).to.equal("TRAINING_INVALID");
  });

  it("refuses examples that do not hold what they should, and says when the loss is no number any more", async () => {
    const engine = createPlainEngine();
    const good = waves(80);
    const x = good.columns.x as NonNullable<(typeof good.columns)[string]>;
    const wrong: Record<string, Examples["columns"]> = {
      "no x": { ...good.columns, x: undefined as never },
      "too few": { ...good.columns, x: { ...x, values: x.values.subarray(1) } },
      "another size": { ...good.columns, x: { ...x, size: 15 } },
      "starts for others": { ...good.columns, x: { ...x, starts: new Uint32Array(79) } },
      "no number": { ...good.columns, x: { ...x, values: x.values.with(7, NaN) } },
    };
    for (const [what, columns] of Object.entries(wrong))
      expect(await codeOf(train({ engine, plan: wavesPlan(), examples: { count: 80, columns } })), what).to.equal(
        "TRAINING_INVALID",
      );
    const huge = { ...good.columns, x: { ...x, values: x.values.map(() => 3e38) } };
    const plan = wavesPlan({
      losses: [{ kind: "squared", of: "logit", target: "far", weight: 1e6 }],
    });
    const far = { values: new Float32Array(80).fill(3e38), size: 1 };
    const diverging = train({ engine, plan, examples: { count: 80, columns: { ...huge, far } } });
    expect(await codeOf(diverging)).to.equal("TRAINING_DIVERGED");
  });

  it("puts a gap between what trains and what judges, which is all later", () => {
    expect(partsOf(100, { share: 0.2, gap: 7, patience: 1 })).to.deep.equal({ training: 73, laterFrom: 80 });
    expect(partsOf(100, null)).to.deep.equal({ training: 100, laterFrom: 100 });
    const order = orderOf(73, "seed", 0);
    expect([...order].sort((a, b) => a - b)).to.deep.equal([...Array(73).keys()]);
    expect(order).to.not.deep.equal(orderOf(73, "seed", 1));
  });

  it("warms the rate up and lets it fall along a cosine", () => {
    const rate = { most: 1, warmup: 4, shape: "cosine", end: 0.1 } as const;
    expect([1, 2, 4, 5].map((step) => rateAt(rate, step, 104)).map((x) => x.toFixed(3))).to.deep.equal(
      ["0.250", "0.500", "1.000", "1.000"], // prettier-ignore
    );
    expect(rateAt(rate, 54, 104)).to.be.closeTo(0.55, 1e-9);
    expect(rateAt(rate, 104, 104)).to.be.closeTo(0.1, 1e-9);
    expect(rateAt({ ...rate, shape: "constant" }, 104, 104)).to.equal(1);
  });
});
