import { expect } from "chai";
import { createPlainEngine } from "../../../ml/engines/plain.ts";
import { GraphBuilder, type Value } from "../../../ml/graph/build.ts";
import { differentiate } from "../../../ml/graph/differentiate.ts";
import { checkGradients } from "../../helpers/gradients.ts";
import { OPERATIONS } from "../../helpers/operations.ts";

describe("reverse-mode differentiation", () => {
  for (const { name, of, make, from } of OPERATIONS)
    it(`agrees with finite differences in float64: ${name}`, async () => {
      const error = await checkGradients(of, make, { offset: from ?? 0 });
      expect(error).to.be.lessThan(1e-7);
    });

  it("can be differentiated again", async () => {
    const g = new GraphBuilder();
    const x = g.state("x", [3]);
    const [first] = differentiate(g, g.sum(g.multiply(g.tanh(x), g.multiply(x, x))), [x]);
    const error = await checkGradients([[3]], (h, y) => {
      const [gradient] = differentiate(h, h.sum(h.multiply(h.tanh(y), h.multiply(y, y))), [y]);
      return gradient as Value;
    });
    expect(first?.shape).to.deep.equal([3]);
    expect(error).to.be.lessThan(1e-7);
  });

  it("gives zeros for what the loss does not depend on", async () => {
    const g = new GraphBuilder();
    const [x, y] = [g.state("x", [2]), g.state("y", [3])];
    const [, gradient] = differentiate(g, g.sum(x), [x, y]);
    const program = await createPlainEngine().compile(g.finish({ gradient: gradient as Value }), {});
    expect((await program.run({})).gradient).to.deep.equal(Float32Array.of(0, 0, 0));
  });

  it("multiplies one matrix's gradient out once, however many steps used it", () => {
    const g = new GraphBuilder();
    const [w, x] = [g.state("w", [4, 4]), g.input("x", [2, 4])];
    let h: Value = x;
    for (let step = 0; step < 10; step++) h = g.tanh(g.matmul(h, w));
    const [gradient] = differentiate(g, g.sum(h), [w]);
    const { nodes } = g.finish({ gradient: gradient as Value });
    // 10 forward, 9 back through the steps, 1 for the matrix.
    expect(nodes.filter(({ op }) => op === "matmul").length).to.equal(20);
    expect(nodes.some(({ op }) => op === "transpose")).to.equal(false);
  });
});
