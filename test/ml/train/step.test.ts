import { expect } from "chai";
import { createPlainEngine } from "../../../ml/engines/plain.ts";
import type { Tensors } from "../../../ml/engines/engine.ts";
import type { Architecture } from "../../../ml/layers/architecture.ts";
import { buildModel } from "../../../ml/layers/build-model.ts";
import { addLosses, type Loss } from "../../../ml/train/losses.ts";
import { buildStep, firstMoment, secondMoment, startStates, stepScalars } from "../../../ml/train/step.ts";

/** z = x·w + b of one number: what a loss is of, as it is. */
const ONE: Architecture = {
  inputs: { x: [1] },
  layers: [{ kind: "dense", name: "z", of: "x", units: 1, activation: "linear" }],
  outputs: ["z"],
};
const SAME = { "z/weights": Float64Array.of(1), "z/biases": Float64Array.of(0) };

async function lossOf(losses: Loss[], inputs: Tensors): Promise<number | undefined> {
  const batch = inputs.rows?.length ?? 0;
  const model = buildModel(ONE, { batch, isTraining: false });
  const graph = model.g.finish({ loss: addLosses(model, losses, batch) });
  const program = await createPlainEngine("float64").compile(graph, SAME);
  return (await program.run(inputs)).loss?.[0];
}

describe("a loss", () => {
  const x = Float64Array.of(-3, -0.5, 0.5, 40);
  const y = Float64Array.of(0, 1, 0, 1);
  const rows = Float64Array.of(1, 1, 1, 0);

  it("squared: the mean of squared differences over the rows that count", async () => {
    const loss = await lossOf([{ kind: "squared", of: "z", target: "y", weight: 2 }], { x, y, rows });
    expect(loss).to.be.closeTo((2 * (9 + 2.25 + 0.25)) / 3, 1e-12);
  });

  it("binary: the cross-entropy of logits, ones weighed, and no overflow where they are large", async () => {
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
    const wanted = -(Math.log(1 - sigmoid(-3)) + 5 * Math.log(sigmoid(-0.5)) + Math.log(1 - sigmoid(0.5))) / 3;
    const losses: Loss[] = [{ kind: "binary", of: "z", target: "y", weight: 1, positive: 5 }];
    expect(await lossOf(losses, { x, y, rows })).to.be.closeTo(wanted, 1e-12);
    const large = { x: Float64Array.of(800, -800), y: Float64Array.of(0, 1), rows: Float64Array.of(1, 1) };
    expect(await lossOf(losses, large)).to.be.closeTo((800 + 5 * 800) / 2, 1e-9);
  });

  it("sparse: the mean of absolute values", async () => {
    expect(await lossOf([{ kind: "sparse", of: "z", weight: 1 }], { x, rows })).to.be.closeTo(4 / 3, 1e-12);
  });
});

describe("a training step", () => {
  const losses: Loss[] = [{ kind: "squared", of: "z", target: "y", weight: 1 }];
  const inputs = { x: Float64Array.of(2), y: Float64Array.of(10), rows: Float64Array.of(1) };

  it("is Adam's, as the paper writes it", async () => {
    const step = buildStep({ architecture: ONE, losses, batch: 1 });
    const program = await createPlainEngine("float64").compile(step.graph, { ...startStates(step, "s"), ...SAME });
    let [w, m, v, b] = [1, 0, 0, 0];
    for (let t = 1; t <= 5; t++) {
      await program.run({ ...inputs, ...stepScalars(0.1, t) });
      const gradient = 2 * (2 * w + b - 10) * 2;
      m = 0.9 * m + 0.1 * gradient;
      v = 0.999 * v + 0.001 * gradient ** 2;
      const move = (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
      w -= move;
      b -= move; // its gradient is half of the other's, and Adam divides by the gradient's size
      const states = await program.read();
      expect(states["z/weights"]?.[0]).to.be.closeTo(w, 1e-6);
      expect(states[firstMoment("z/weights")]?.[0]).to.be.closeTo(m, 1e-5);
      expect(states[secondMoment("z/weights")]?.[0]).to.be.closeTo(v, 1e-5);
    }
  });

  it("cuts gradients to a length, all together, and leaves shorter ones as they are", async () => {
    const momentsWith = async (clip?: number): Promise<[number, number, number]> => {
      const step = buildStep({ architecture: ONE, losses, batch: 1, clip });
      const program = await createPlainEngine("float64").compile(step.graph, { ...startStates(step, "s"), ...SAME });
      const { norm } = await program.run({ ...inputs, ...stepScalars(0.1, 1) });
      const states = await program.read();
      const moment = (name: string): number => (states[firstMoment(name)]?.[0] ?? NaN) / 0.1;
      return [moment("z/weights"), moment("z/biases"), norm?.[0] ?? NaN];
    };
    const [w, b] = await momentsWith();
    const length = Math.hypot(w, b);
    const [shortW, shortB, norm] = await momentsWith(1);
    expect(norm).to.be.closeTo(length, 1e-9);
    expect(Math.hypot(shortW, shortB)).to.be.closeTo(1, 1e-9);
    expect(shortW / shortB).to.be.closeTo(w / b, 1e-9);
    expect((await momentsWith(1_000)).slice(0, 2)).to.deep.equal([w, b]);
  });
});
