import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { loadEngine } from "../../../ml/engines/load.ts";
import { openEngineThread } from "../../../ml/engines/thread.ts";
import { buildInference, buildModel } from "../../../ml/layers/build-model.ts";
import { drawParameters } from "../../../ml/layers/scope.ts";
import { EVERY_LAYER } from "../../helpers/architectures.ts";
import { drawNumbers } from "../../helpers/gradients.ts";

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe("an engine in a thread", () => {
  const BATCH = 8;
  const graph = buildInference(EVERY_LAYER, BATCH);
  const states = drawParameters(buildModel(EVERY_LAYER, { batch: 1, isTraining: false }).parameters, "seed");
  const inputs = { x: drawNumbers(15 * BATCH, "x"), place: new Float32Array(5 * BATCH) };

  for (const name of ["onnx", "plain"])
    it(`gives what it gives here, to many who ask at once: ${name}`, async () => {
      const here = await (await loadEngine(name)).compile(graph, states);
      const thread = await openEngineThread(name);
      try {
        expect({ name: thread.name, version: thread.version }).to.include({
          name,
          version: (await loadEngine(name)).version,
        });
        const there = await thread.compile(graph, states);
        const wanted = await here.run(inputs);
        for (const given of await Promise.all([1, 2, 3].map(() => there.run(inputs))))
          expect(given).to.deep.equal(wanted);
        const changed = { "logit/biases": Float32Array.of(7) };
        await Promise.all([here.write(changed), there.write(changed)]);
        expect(await there.read()).to.deep.equal(await here.read());
        expect(await there.run(inputs))
          .to.deep.equal(await here.run(inputs))
          .and.to.not.deep.equal(wanted);
        expect(await codeOf(there.run({}))).to.equal("GRAPH_INVALID");
        await there.close();
        expect(await codeOf(there.run(inputs))).to.equal("GRAPH_INVALID");
      } finally {
        await thread.close();
      }
      expect(await codeOf(thread.compile(graph, states))).to.equal("ENGINE_FAILED");
    });

  it("leaves the one who asks free while it computes", async () => {
    const thread = await openEngineThread("plain");
    try {
      const program = await thread.compile(graph, states);
      const before = performance.eventLoopUtilization();
      for (let i = 0; i < 100; i++) await program.run(inputs);
      expect(performance.eventLoopUtilization(before).utilization).to.be.lessThan(0.5);
    } finally {
      await thread.close();
    }
  });

  it("is refused where there is no such engine, and lets a process end that has nothing else to do", async () => {
    expect(await codeOf(openEngineThread("none"))).to.equal("ENGINE_UNKNOWN");
    const module = new URL("../../../ml/engines/thread.ts", import.meta.url).href;
    const directory = mkdtempSync(join(tmpdir(), "twinward-thread-"));
    const program = join(directory, "program.mjs");
    writeFileSync(program, `console.log((await (await import("${module}")).openEngineThread("plain")).version);`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 60_000 });
    rmSync(directory, { recursive: true });
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: "plain float32\n", stderr: "" });
  });
});
