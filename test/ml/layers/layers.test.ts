import { expect } from "chai";
import type { Engine, Program, Tensors } from "../../../ml/engines/engine.ts";
import { listEngines, loadEngine } from "../../../ml/engines/load.ts";
import { createPlainEngine } from "../../../ml/engines/plain.ts";
import type { GraphBuilder, Value } from "../../../ml/graph/build.ts";
import { isSameShape, type Shape } from "../../../ml/graph/shape.ts";
import { buildInference, buildModel, buildStream, stillStates } from "../../../ml/layers/build-model.ts";
import type { Architecture } from "../../../ml/layers/architecture.ts";
import { attention, dense, dropout, embedding, lstm, normalise, pool, repeat } from "../../../ml/layers/layers.ts";
import { drawMasks, drawParameters, type Scope } from "../../../ml/layers/scope.ts";
import { buildStep, startStates, stepScalars } from "../../../ml/train/step.ts";
import { EVERY_LAYER, EVERY_LOSS } from "../../helpers/architectures.ts";
import { checkGradients, drawNumbers } from "../../helpers/gradients.ts";

interface Case {
  name: string;
  x: Shape;
  parameters: Shape[];
  make: (scope: Scope, x: Value) => Value;
  /** Moves the numbers away from where a layer has a kink. */
  offset?: number;
}

const LAYERS: Case[] = [
  { name: "dense", x: [2, 3], parameters: [[3, 4], [4]], make: (scope, x) => dense(scope, x, 4, "tanh") },
  { name: "dense on steps", x: [2, 3, 2], parameters: [[2, 4], [4]], make: (scope, x) => dense(scope, x, 4) },
  { name: "dense, relu", x: [2, 3], parameters: [[3, 4], [4]], make: (s, x) => dense(s, x, 4, "relu"), offset: 2 },
  {
    name: "lstm, the last step",
    x: [2, 4, 3],
    parameters: [[3, 8], [2, 8], [8]],
    make: (scope, x) => lstm(scope, x, 2, "last"),
  },
  {
    name: "lstm, every step",
    x: [2, 4, 3],
    parameters: [[3, 8], [2, 8], [8]],
    make: (scope, x) => lstm(scope, x, 2, "sequence"),
  },
  {
    name: "lstm of what is the same at every step",
    x: [2, 3],
    parameters: [[3, 8], [2, 8], [8]],
    make: (scope, x) => lstm(scope, repeat(scope.g, x, 4), 2, "sequence"),
  },
  { name: "normalise", x: [2, 3, 4], parameters: [[4], [4]], make: normalise },
  {
    name: "attention",
    x: [2, 3, 4],
    parameters: [
      [4, 4],
      [4, 4],
      [4, 4],
      [4, 4],
    ],
    make: (scope, x) => attention(scope, x, 2),
  },
  { name: "dropout", x: [2, 3, 4], parameters: [], make: (scope, x) => dropout(scope, x, 0.4) },
  {
    name: "embedding",
    x: [1],
    parameters: [[3, 2]],
    make: (s, x) => s.g.add(embedding(s, s.g.constant([0, 2, 1, 7], [2, 2]), 3, 2), x),
  },
  { name: "repeat and pool", x: [2, 3], parameters: [], make: ({ g }, x) => pool(g, g.tanh(repeat(g, x, 3))) },
];

/** A scope whose parameters are given, and whose masks are numbers. */
function scopeOf(g: GraphBuilder, given: readonly Value[]): Scope {
  const left = [...given];
  return {
    g,
    isTraining: true,
    parameter(name, shape) {
      const value = left.shift();
      if (!value || !isSameShape(value.shape, shape)) throw new Error(`${name} is [${shape.join()}]`);
      return value;
    },
    carried: (_, shape) => g.constant(0, shape),
    carryOn: () => undefined,
    mask: (shape, rate) => g.constant(drawMasks([{ name: "m", shape, rate }], "s", 1).m ?? [], shape),
  };
}

const pick = (tensors: Tensors, names: RegExp): Tensors =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => names.test(name)));

describe("layers", () => {
  for (const { name, x, parameters, make, offset = 0 } of LAYERS)
    it(`have gradients that agree with finite differences in float64: ${name}`, async () => {
      const error = await checkGradients([x, ...parameters], (g, first, ...rest) => make(scopeOf(g, rest), first), {
        offset,
      });
      expect(error).to.be.lessThan(1e-6);
    });

  it("give a sequence's last step as the last of all its steps, and the operator gives the same as the steps", async () => {
    const outputs: number[][] = [];
    for (const isTraining of [true, false])
      for (const gives of ["sequence", "last"] as const) {
        const layers = [{ kind: "lstm", name: "memory", of: "x", units: 4, gives } as const];
        const model = buildModel({ inputs: { x: [6, 3] }, layers, outputs: ["memory"] }, { batch: 1, isTraining });
        const graph = model.g.finish({ y: model.values.get("memory") as Value });
        expect(graph.nodes.some(({ op }) => op === "lstm")).to.equal(!isTraining);
        const program = await createPlainEngine("float64").compile(graph, drawParameters(model.parameters, "seed"));
        outputs.push([...((await program.run({ x: drawNumbers(18, "x") })).y ?? [])].slice(-4));
      }
    const [first] = outputs;
    for (const other of outputs) expect(other).to.deep.equal(first);
  });

  it("stack the gradients of a recurrent layer's steps once, for all of its weights", () => {
    const layers = [{ kind: "lstm", name: "memory", of: "x", units: 4, gives: "last" } as const];
    const architecture = { inputs: { x: [6, 3] }, layers, outputs: ["memory"] };
    const losses = [{ kind: "squared", of: "memory", target: "y", weight: 1 } as const];
    const { nodes } = buildStep({ architecture, losses, batch: 2 }).graph;
    expect(nodes.filter(({ op, shape }) => op === "concat" && shape.join() === "12,16")).to.have.length(1);
    // Forward 1 + 6, back through the steps 5, and one for each of both matrices.
    expect(nodes.filter(({ op }) => op === "matmul")).to.have.length(14);
  });

  it("embed a category that was never seen as zeros", async () => {
    const layers = [{ kind: "embedding", name: "e", of: "x", categories: 3, size: 2 } as const];
    const graph = buildInference({ inputs: { x: [3] }, layers, outputs: ["e"] }, 1);
    const program = await createPlainEngine().compile(graph, { "e/table": Float32Array.of(1, 2, 3, 4, 5, 6) });
    const { e } = await program.run({ x: Float32Array.of(2, 3, -1) });
    expect([...(e ?? [])]).to.deep.equal([5, 6, 0, 0, 0, 0]);
  });

  it("drop about as many units as they say, scale up the rest, and the same ones for a seed and a step", () => {
    const mask = { name: "mask", shape: [100, 50], rate: 0.3 };
    const draw = (seed: string, step: number): number[] => [...(drawMasks([mask], seed, step).mask ?? [])];
    const drawn = draw("a", 7);
    expect(drawn.filter((x) => x === 0).length / drawn.length).to.be.closeTo(0.3, 0.03);
    expect(new Set(drawn)).to.deep.equal(new Set([0, Math.fround(1 / 0.7)]));
    expect(draw("a", 7)).to.deep.equal(drawn);
    expect(draw("a", 8)).to.not.deep.equal(drawn);
    expect(draw("b", 7)).to.not.deep.equal(drawn);
  });

  it("stream: windows that come step by step give what they give at once, on every engine, also after a restart", async () => {
    const STEPS = 6;
    const layersOf = (steps: number): Architecture => ({
      inputs: { x: [steps, 3] },
      layers: [
        { kind: "lstm", name: "first", of: "x", units: 4, gives: "sequence" },
        { kind: "normalise", name: "even", of: "first" },
        { kind: "lstm", name: "second", of: "even", units: 2, gives: "last" },
        { kind: "dense", name: "out", of: "second", units: 2, activation: "tanh" },
      ],
      outputs: ["out"],
    });
    const learned = drawParameters(buildModel(layersOf(1), { batch: 2, isTraining: false }).parameters, "seed");
    const x = drawNumbers(2 * STEPS * 3, "x");
    // Both examples' rows of these steps.
    const part = (from: number, to: number) =>
      Float64Array.from([0, 1].flatMap((row) => [...x.subarray((row * STEPS + from) * 3, (row * STEPS + to) * 3)]));
    const whole = await createPlainEngine("float64").compile(buildInference(layersOf(STEPS), 2), learned);
    const wanted = (await whole.run({ x })).out;
    for (const { engine } of (await listEngines()).filter(({ isReady }) => isReady)) {
      const streamOf = async (steps: number) => {
        const graph = buildStream(layersOf(steps), 2);
        return (await loadEngine(engine)).compile(graph, { ...learned, ...stillStates(graph) }, { frozen: true });
      };
      const carries = async (program: Program) => pick(await program.read(), /hidden|cell/);
      const [single, double] = [await streamOf(1), await streamOf(2)];
      let given = (await double.run({ x: part(0, 2) })).out;
      await single.write(await carries(double)); // begun again elsewhere, with steps of another length
      for (let step = 2; step < STEPS; step++) given = (await single.run({ x: part(step, step + 1) })).out;
      given?.forEach((y, i) => expect(y, engine).to.be.closeTo(wanted?.[i] ?? NaN, 1e-6));
    }
    expect(() => buildStream(EVERY_LAYER, 1)).to.throw("needs whole windows");
  });

  describe("all in one model", () => {
    const batch = 6;
    const inputs: Tensors = {
      x: drawNumbers(batch * 15, "x"),
      place: Float32Array.from({ length: batch * 5 }, (_, i) => i % 5),
      y: Float32Array.from({ length: batch }, (_, i) => i % 2),
      rows: Float32Array.of(1, 1, 1, 1, 1, 0),
    };
    const step = buildStep({ architecture: EVERY_LAYER, losses: EVERY_LOSS, batch, clip: 0.5 });
    const states = startStates(step, "seed");

    async function train(engine: Engine): Promise<Tensors> {
      const program = await engine.compile(step.graph, states);
      for (let count = 1; count <= 3; count++)
        await program.run({ ...inputs, ...drawMasks(step.masks, "seed", count), ...stepScalars(0.01, count) });
      const trained = await program.read();
      await program.close();
      return trained;
    }

    it("train alike on every engine that loads", async () => {
      const reference = await train(createPlainEngine("float64"));
      for (const state of await listEngines()) {
        if (!state.isReady) {
          console.log(`      ${state.engine} does not load and is not compared: ${state.because}`);
          continue;
        }
        const trained = await train(await loadEngine(state.engine));
        // Adam divides by the gradient's own size: after three steps of 0.01, float32's rounding of tiny gradients has moved
        // no parameter by more than a thousandth of what it learned.
        for (const { name } of step.parameters)
          trained[name]?.forEach((x, i) =>
            expect(x, `${state.engine}: ${name} ${i}`).to.be.closeTo(reference[name]?.[i] ?? NaN, 3e-5),
          );
      }
    });

    it("infer alike on every engine that loads, one example as in a batch", async () => {
      const graphOf = (size: number) => buildInference(EVERY_LAYER, size);
      const reference = await (await createPlainEngine("float64").compile(graphOf(batch), states)).run(inputs);
      for (const { engine } of (await listEngines()).filter(({ isReady }) => isReady))
        for (const size of [batch, 1]) {
          const program = await (await loadEngine(engine)).compile(graphOf(size), states, { frozen: true });
          const first = (values: Tensors[string] | undefined, width: number) =>
            values?.slice(0, size * width) ?? values;
          const some = { x: first(inputs.x, 15), place: first(inputs.place, 5) } as Tensors;
          const given = await program.run(some);
          for (const [name, values] of Object.entries(given)) {
            expect(values.length, name).to.equal(((reference[name]?.length ?? 0) / batch) * size);
            values.forEach((x, i) => expect(x, `${engine}: ${name}`).to.be.closeTo(reference[name]?.[i] ?? NaN, 1e-5));
          }
        }
    });

    it("does not learn from rows that only fill a batch", async () => {
      const engine = createPlainEngine("float64");
      const run = async (x: Tensors[string]): Promise<number | undefined> => {
        const program = await engine.compile(step.graph, states);
        const { loss } = await program.run({ ...inputs, x, ...drawMasks(step.masks, "s", 1), ...stepScalars(0.01, 1) });
        return loss?.[0];
      };
      const other = (inputs.x as Float64Array).slice().fill(0.5, 75);
      const learned = (inputs.x as Float64Array).slice().fill(0.5, 60);
      expect(await run(other)).to.equal(await run(inputs.x as Float64Array));
      expect(await run(learned)).to.not.equal(await run(inputs.x as Float64Array));
    });
  });
});
