import { expect } from "chai";
import type { Engine, Numbers, Tensors } from "../../../ml/engines/engine.ts";
import { listEngines, loadEngine } from "../../../ml/engines/load.ts";
import { createPlainEngine } from "../../../ml/engines/plain.ts";
import { GraphBuilder, type Value } from "../../../ml/graph/build.ts";
import { differentiate } from "../../../ml/graph/differentiate.ts";
import type { Graph } from "../../../ml/graph/graph.ts";
import { sizeOf } from "../../../ml/graph/shape.ts";
import { drawNumbers } from "../../helpers/gradients.ts";
import { OPERATIONS } from "../../helpers/operations.ts";

/** Float32 keeps 24 bits: a few hundred roundings of numbers near one. */
const TOLERANCE = 2e-5;

describe("engines", () => {
  const engines: Engine[] = [];

  before(async () => {
    for (const state of await listEngines())
      if (state.isReady) engines.push(await loadEngine(state.engine));
      else console.log(`      ${state.engine} does not load and is not compared: ${state.because}`);
  });

  it("are at least the reference and ONNX Runtime here, and say their versions", () => {
    const names = engines.map(({ name }) => name);
    expect(names).to.include("plain").and.include("onnx").and.include("tfjs");
    expect(engines.find(({ name }) => name === "onnx")?.version).to.equal("onnxruntime-node 1.27.0");
  });

  for (const { name, of, make, from } of OPERATIONS)
    it(`give the same numbers and gradients: ${name}`, async () => {
      const g = new GraphBuilder();
      const values = of.map((shape, index) => g.state(`s${index}`, shape));
      const result = make(g, ...values);
      const gradients = differentiate(g, g.sum(g.multiply(result, result)), values);
      const graph = g.finish({ result, ...Object.fromEntries(gradients.map((value, index) => [`d${index}`, value])) });
      const states = Object.fromEntries(of.map((shape, i) => [`s${i}`, drawNumbers(sizeOf(shape), `s${i}`, from)]));
      await expectAgreement(engines, graph, states);
    });

  it("run the operator of a recurrent layer as the reference writes it out", async () => {
    const g = new GraphBuilder();
    const shapes = { x: [5, 2, 3], w: [3, 16], r: [4, 16], b: [16], h: [2, 4], c: [2, 4] };
    const [x, w, r, b, h, c] = Object.entries(shapes).map(([name, shape]) => g.state(name, shape)) as [
      Value,
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const graph = g.finish({ y: g.lstm(x, w, r, b, h, c) });
    const states = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, drawNumbers(sizeOf(shape), name)]),
    );
    await expectAgreement(engines, graph, states);
    await expectAgreement(engines, graph, states, { frozen: true });
  });

  it("move states on by their updates, all from the values before", async () => {
    const g = new GraphBuilder();
    const [a, b, by] = [g.state("a", [2]), g.state("b", [2]), g.input("by", [1])];
    const graph = g.finish({ sum: g.add(a, b) }, { a: g.add(b, by), b: a });
    for (const engine of engines) {
      const program = await engine.compile(graph, { a: Float32Array.of(1, 2), b: Float32Array.of(10, 20) });
      const sums: number[][] = [];
      for (const by of [1, 2, 3]) sums.push([...((await program.run({ by: Float32Array.of(by) })).sum ?? [])]);
      expect(sums, engine.name).to.deep.equal([[11, 22], [12, 23], [14, 25]]); // prettier-ignore
      expect([...((await program.read()).a ?? [])], engine.name).to.deep.equal([14, 24]);
      await program.write({ a: Float32Array.of(0, 0) });
      expect([...((await program.read()).a ?? [])], engine.name).to.deep.equal([0, 0]);
      expect([...((await program.read()).b ?? [])], engine.name).to.deep.equal([3, 4]);
      await program.close();
    }
  });

  it("refuse inputs and states that are missing or too short, and changes of what is frozen", async () => {
    const g = new GraphBuilder();
    const graph = g.finish({ y: g.add(g.state("a", [2]), g.input("x", [2])) });
    const [a, x] = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    for (const engine of engines) {
      for (const states of [{}, { a: Float32Array.of(1) }])
        expect(await codeOf(engine.compile(graph, states)), engine.name).to.equal("GRAPH_INVALID");
      const program = await engine.compile(graph, { a }, { frozen: true });
      for (const inputs of [{}, { x: Float32Array.of(1) }] as Tensors[])
        expect(await codeOf(program.run(inputs)), engine.name).to.equal("GRAPH_INVALID");
      expect(await codeOf(program.write({ a: x })), engine.name).to.equal("GRAPH_INVALID");
      expect([...((await program.run({ x })).y ?? [])]).to.deep.equal([4, 6]);
      await program.close();
    }
  });

  it("hold no more after a hundred runs than after one: TensorFlow.js, which frees nothing by itself", async () => {
    const tf = await import("@tensorflow/tfjs");
    const g = new GraphBuilder();
    const [w, x] = [g.state("w", [2, 2]), g.input("x", [2, 2])];
    const moved = g.add(w, g.tanh(g.matmul(x, w)));
    const program = await (
      await loadEngine("tfjs")
    ).compile(g.finish({ moved, sum: g.sum(moved) }, { w: moved }), {
      w: Float32Array.of(1, 0, 0, 1),
    });
    const count = async (): Promise<number> => {
      await program.run({ x: Float32Array.of(1, 2, 3, 4) });
      return tf.memory().numTensors;
    };
    const first = await count();
    for (let i = 0; i < 100; i++) await count();
    expect(await count()).to.equal(first);
    await program.close();
    expect(tf.memory().numTensors).to.equal(first - 1);
  });

  it("are loaded by their name and no other", async () => {
    expect(await codeOf(loadEngine("tensorrt"))).to.equal("ENGINE_UNKNOWN");
    for (const name of ["onnx", "tfjs", "plain"]) expect((await loadEngine(name)).name).to.equal(name);
  });
});

async function expectAgreement(
  engines: readonly Engine[],
  graph: Graph,
  states: Tensors,
  options: { frozen?: boolean } = {},
): Promise<void> {
  const reference = await (await createPlainEngine("float64").compile(graph, states)).run({});
  for (const engine of engines) {
    const program = await engine.compile(graph, states, options);
    const outputs = await program.run({});
    expect(await program.run({}), `${engine.name}, again`).to.deep.equal(outputs);
    await program.close();
    for (const [name, wanted] of Object.entries(reference))
      expect(distance(outputs[name], wanted), `${engine.version}: ${name}`).to.be.lessThan(TOLERANCE);
  }
}

/** The largest difference, relative to the largest number. */
function distance(numbers: Numbers | undefined, wanted: Numbers): number {
  if (numbers?.length !== wanted.length) return Infinity;
  const most = Math.max(1e-3, ...Array.from(wanted, Math.abs));
  return Math.max(...Array.from(wanted, (x, i) => Math.abs(x - (numbers[i] ?? NaN)))) / most;
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error as { code?: unknown }).code,
  );
