import { expect } from "chai";
import { parseArchitecture } from "../../../ml/layers/architecture.ts";
import { buildInference } from "../../../ml/layers/build-model.ts";
import { EVERY_LAYER } from "../../helpers/architectures.ts";

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return "no error";
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};
const plain = { inputs: { x: [3] }, layers: [{ kind: "flatten", name: "f", of: "x" }], outputs: ["f"] };

describe("an architecture", () => {
  it("is taken whole", () => {
    expect(parseArchitecture(JSON.parse(JSON.stringify(EVERY_LAYER)))).to.deep.equal(EVERY_LAYER);
  });

  const refused: Record<string, unknown> = {
    "no object": 7,
    "no inputs": { ...plain, inputs: {} },
    "an input without numbers": { ...plain, inputs: { x: [0] } },
    "a shape that is no whole number": { ...plain, inputs: { x: [1.5] } },
    "an unknown member": { ...plain, graph: "AAAA" },
    "an unknown kind": { ...plain, layers: [{ kind: "onnx", name: "f", of: "x" }] },
    "a layer with a member too many": { ...plain, layers: [{ kind: "flatten", name: "f", of: "x", units: 3 }] },
    "a layer of nothing": { ...plain, layers: [{ kind: "flatten", name: "f", of: "y" }] },
    "a layer of one after it": {
      ...plain,
      layers: [
        { kind: "flatten", name: "f", of: "g" },
        { kind: "flatten", name: "g", of: "x" },
      ],
    },
    "two layers of one name": { ...plain, layers: [...plain.layers, ...plain.layers] },
    "a layer with an input's name": { ...plain, layers: [{ kind: "flatten", name: "x", of: "x" }] },
    "an output that is not there": { ...plain, outputs: ["g"] },
    "an output twice": { ...plain, outputs: ["f", "f"] },
    "a name out of the prototype": { ...plain, layers: [{ kind: "flatten", name: "f", of: "constructor" }] },
  };
  for (const [what, value] of Object.entries(refused))
    it(`is refused with ${what}`, () =>
      expect(codeOf(() => parseArchitecture(value))).to.equal("ARCHITECTURE_INVALID"));

  it("is refused where its layers do not fit", () => {
    const layers = [{ kind: "lstm", name: "f", of: "x", units: 2, gives: "last" }];
    expect(codeOf(() => buildInference(parseArchitecture({ ...plain, layers }), 1))).to.equal("SHAPE_MISMATCH");
  });

  it("is refused where it has more parameters than any model of ours", () => {
    const dense = { kind: "dense", units: 4096, activation: "linear" };
    const layers = Array.from({ length: 8 }, (_, i) => ({ ...dense, name: `d${i}`, of: i === 0 ? "x" : `d${i - 1}` }));
    const large = parseArchitecture({ inputs: { x: [4096] }, layers, outputs: ["d7"] });
    expect(codeOf(() => buildInference(large, 1))).to.equal("ARCHITECTURE_INVALID");
  });
});
