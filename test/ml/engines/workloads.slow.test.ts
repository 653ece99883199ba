import { expect } from "chai";
import type { Engine, Tensors } from "../../../ml/engines/engine.ts";
import { loadEngine } from "../../../ml/engines/load.ts";
import { createPlainEngine } from "../../../ml/engines/plain.ts";
import { firstMoment, buildStep, startStates, stepScalars } from "../../../ml/train/step.ts";
import { BATCH, SIGNALS, STEPS, WORKLOADS } from "../../../scripts/bench/parts/workloads.ts";
import { drawNumbers } from "../../helpers/gradients.ts";

describe("models of full size", function () {
  this.timeout(600_000);
  const inputs: Tensors = {
    x: drawNumbers(BATCH * STEPS * SIGNALS, "x"),
    y: Float32Array.from({ length: BATCH }, (_, i) => i % 2),
    rows: new Float32Array(BATCH).fill(1),
    ...stepScalars(1e-3, 1),
  };

  for (const { name, architecture, losses } of WORKLOADS)
    it(`have the reference's loss and gradients in float32 on ONNX Runtime: ${name}`, async () => {
      const step = buildStep({ architecture, losses, batch: BATCH });
      const states = startStates(step, "seed");
      const gradientsOf = async (engine: Engine) => {
        const program = await engine.compile(step.graph, states);
        const { loss } = await program.run(inputs);
        return { loss: loss?.[0] ?? NaN, states: await program.read() };
      };
      const reference = await gradientsOf(createPlainEngine("float64"));
      const given = await gradientsOf(await loadEngine("onnx"));
      expect(given.loss).to.be.closeTo(reference.loss, 1e-5);
      for (const parameter of step.parameters) {
        // After one step the first moment is a tenth of the gradient.
        const [ours, theirs] = [given, reference].map(({ states }) => states[firstMoment(parameter.name)] ?? []);
        const most = Math.max(...Array.from(theirs ?? [], Math.abs));
        const worst = Math.max(...Array.from(theirs ?? [], (x, i) => Math.abs(x - (ours?.[i] ?? NaN))));
        expect(worst / most, parameter.name).to.be.lessThan(5e-5);
      }
    });
});
