import { expect } from "chai";
import canonicalize from "canonicalize";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadEngine } from "../../../ml/engines/load.ts";
import { MlError } from "../../../ml/errors.ts";
import { buildInference, buildModel } from "../../../ml/layers/build-model.ts";
import { drawParameters } from "../../../ml/layers/scope.ts";
import { hashModel } from "../../../ml/model-hash.ts";
import { loadModel, saveModel } from "../../../ml/model/model-files.ts";
import { packModel, parseModel, type Model } from "../../../ml/model/pack-model.ts";
import { createRandom } from "../../../ml/random.ts";
import { EVERY_LAYER } from "../../helpers/architectures.ts";
import { drawNumbers } from "../../helpers/gradients.ts";

const parameters = drawParameters(buildModel(EVERY_LAYER, { batch: 1, isTraining: false }).parameters, "seed");
const MODEL: Model = {
  networks: { main: { architecture: EVERY_LAYER, parameters }, second: { architecture: EVERY_LAYER, parameters } },
  scaler: [{ signal: "Pressure, µ", offset: 1.25, scale: 3 }],
  thresholds: { alarm: 0.5 },
  settings: { hold: 3, names: ["a", null] },
  card: {
    format: "model-card@1",
    detector: "test",
    engine: "plain float32",
    sees: ["Pressure, µ"],
    calibration: "the largest of 100 clean windows",
    falsePositives: [],
    data: { digest: `0x${"ab".repeat(32)}`, rows: 100 },
    privacy: null,
    metrics: [{ name: "F1", value: 0.9, low: 0.8, high: 0.95, measuredOn: "the last tenth" }],
  },
};
const CODES = ["MODEL_FILE_UNUSABLE", "MODEL_FILE_NEWER", "ARCHITECTURE_INVALID", "SHAPE_MISMATCH"];

/** The code of what an act throws; anything but our own error fails the test. */
function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof MlError)) throw error;
    return error.code;
  }
  return "no error";
}

describe("a model file", () => {
  const directory = mkdtempSync(join(tmpdir(), "twinward-model-"));
  after(() => rmSync(directory, { recursive: true }));
  const packed = packModel(MODEL);
  /** A document changed and then hashed as its maker would: whole, and yet not to be used. */
  const forge = (change: (document: Record<string, never>) => void, weights = packed.weights): string => {
    const document = JSON.parse(packed.document.toString()) as Record<string, never>;
    delete document.hash;
    change(document);
    const forged = Buffer.from(canonicalize({ ...document, hash: hashModel(document) }) ?? "");
    return codeOf(() => parseModel(forged, weights));
  };

  it("is loaded as it was saved, under the hash of its bytes", async () => {
    const hash = saveModel(directory, MODEL);
    const loaded = loadModel(directory, hash);
    expect(loaded).to.deep.equal({ model: MODEL, hash });
    expect(hash).to.equal(packed.hash);
    expect(packModel(loaded.model).document).to.deep.equal(packed.document);
    const graph = buildInference(EVERY_LAYER, 1);
    const inputs = { x: drawNumbers(15, "x"), place: Float32Array.of(0, 1, 2, 3, 0) };
    const outputs = [MODEL, loaded.model].map(async ({ networks }) =>
      (await (await loadEngine("onnx")).compile(graph, networks.main?.parameters ?? {}, { frozen: true })).run(inputs),
    );
    expect(await outputs[1]).to.deep.equal(await outputs[0]);
  });

  it("has another hash when any of it is another", () => {
    const weights = { ...parameters, "logit/biases": Float32Array.of(1e-3) };
    const others: Model[] = [
      { ...MODEL, thresholds: { alarm: 0.51 } },
      { ...MODEL, scaler: [] },
      { ...MODEL, settings: null },
      { ...MODEL, card: { ...MODEL.card, detector: "other" } },
      { ...MODEL, networks: { ...MODEL.networks, main: { architecture: EVERY_LAYER, parameters: weights } } },
    ];
    expect(new Set([packed.hash, ...others.map((other) => packModel(other).hash)]).size).to.equal(others.length + 1);
  });

  it("is described by a page whose example it takes, byte for byte", () => {
    const page = readFileSync(new URL("../../../docs/formats/model.md", import.meta.url), "utf8");
    const shown = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const weights = Buffer.from(/weights: `([0-9a-f ]+)`/.exec(page)?.[1]?.replaceAll(" ", "") ?? "", "hex");
    const { model, hash } = parseModel(Buffer.from(canonicalize(JSON.parse(shown)) ?? ""), weights);
    expect(Object.values(model.networks.twin?.parameters ?? {}).map((values) => [...values])).to.deep.equal([
      [0.5],
      [2, -1],
    ]);
    expect(hash).to.equal(packModel(model).hash);
  });

  it("takes the place of the one before, whose weights go", () => {
    saveModel(directory, MODEL);
    const other = { ...MODEL, networks: {} };
    const hash = saveModel(directory, other);
    expect(loadModel(directory)).to.deep.equal({ model: other, hash });
    expect(readdirSync(directory).filter((name) => name.startsWith("weights-"))).to.have.length(1);
  });

  it("is refused where it is not the one that is wanted, missing, or half there", () => {
    saveModel(directory, MODEL);
    expect(codeOf(() => loadModel(directory, `0x${"00".repeat(32)}`))).to.equal("MODEL_FILE_UNUSABLE");
    expect(codeOf(() => loadModel(join(directory, "absent")))).to.equal("MODEL_FILE_UNUSABLE");
    for (const name of readdirSync(directory)) {
      const file = join(directory, name);
      const whole = readFileSync(file);
      for (const bytes of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from(" ")]), Buffer.alloc(0)]) {
        writeFileSync(file, bytes);
        expect(
          codeOf(() => loadModel(directory)),
          `${name} of ${bytes.length}`,
        ).to.equal("MODEL_FILE_UNUSABLE");
      }
      rmSync(file);
      expect(
        codeOf(() => loadModel(directory)),
        `no ${name}`,
      ).to.equal("MODEL_FILE_UNUSABLE");
      writeFileSync(file, whole);
    }
    expect(codeOf(() => loadModel(directory))).to.equal("no error");
  });

  it("is refused with any byte changed, taken out or put in", () => {
    const random = createRandom("fuzz");
    for (let i = 0; i < 400; i++) {
      const [document, weights] = [Buffer.from(packed.document), Buffer.from(packed.weights)];
      const bytes = i % 4 === 0 ? weights : document;
      const at = random.integer(bytes.length);
      let changed = bytes;
      if (i % 3 === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
      else if (i % 3 === 1)
        changed = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(9))]);
      else changed = Buffer.concat([bytes.subarray(0, at), Buffer.from(random.bytes(3)), bytes.subarray(at)]);
      const parts: [Buffer, Buffer] = i % 4 === 0 ? [document, changed] : [changed, weights];
      expect(CODES, `${i} at ${at}`).to.include(codeOf(() => parseModel(...parts)));
    }
  });

  it("of a newer version is told from a damaged one", () => {
    expect(forge((document) => Object.assign(document, { format: "model@2", more: 1 }))).to.equal("MODEL_FILE_NEWER");
    expect(forge((document) => Object.assign(document, { format: "pca@1" }))).to.equal("MODEL_FILE_UNUSABLE");
    expect(codeOf(() => parseModel(Buffer.from("{}"), Buffer.alloc(0)))).to.equal("MODEL_FILE_UNUSABLE");
    expect(codeOf(() => parseModel(Buffer.from([0x08, 0x08, 0x12]), Buffer.alloc(0)))).to.equal("MODEL_FILE_UNUSABLE");
  });

  it("is refused where it is nested deeper than anything of ours", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const document = packed.document.toString().replace(/"settings":\{[^}]*\}/, `"settings":${deep}`);
    expect(document.length).to.be.greaterThan(400_000);
    expect(codeOf(() => parseModel(Buffer.from(document), packed.weights))).to.equal("MODEL_FILE_UNUSABLE");
  });

  it("is refused where its maker put in what we have no use for, though every hash is right", () => {
    const inNetworks = (change: (network: Record<string, unknown>) => void) =>
      forge((document) => change((document.networks as unknown as Record<string, Record<string, unknown>>).main ?? {}));
    expect(inNetworks((main) => (main.graph = "AAAA"))).to.equal("MODEL_FILE_UNUSABLE");
    expect(inNetworks((main) => (main.tensors = []))).to.equal("MODEL_FILE_UNUSABLE");
    expect(inNetworks((main) => (main.tensors = [{ name: "logit/biases", size: 2 ** 28 }]))).to.equal(
      "MODEL_FILE_UNUSABLE",
    );
    const architecture = { ...EVERY_LAYER, layers: [{ kind: "onnx", name: "n", of: "x" }] };
    expect(inNetworks((main) => (main.architecture = architecture))).to.equal("ARCHITECTURE_INVALID");
    const large = {
      inputs: { x: [4096, 4096] },
      layers: [{ kind: "attention", name: "a", of: "x", heads: 1 }],
      outputs: ["a"],
    };
    expect(inNetworks((main) => (main.architecture = large))).to.be.oneOf(CODES);
    const units = EVERY_LAYER.layers.map((layer) => (layer.name === "code" ? { ...layer, units: 3 } : layer));
    expect(inNetworks((main) => (main.architecture = { ...EVERY_LAYER, layers: units }))).to.equal(
      "MODEL_FILE_UNUSABLE",
    );
    const secret = { ...MODEL.card, privacy: {} };
    expect(forge((document) => Object.assign(document, { card: secret }))).to.equal("MODEL_FILE_UNUSABLE");
    expect(forge((document) => Object.assign(document, { networks: {} }))).to.equal("MODEL_FILE_UNUSABLE");
    const naming = (weights: Buffer) => {
      const sum = `0x${createHash("sha256").update(weights).digest("hex")}`;
      return forge((document) => Object.assign(document, { weights: sum }), weights);
    };
    expect(naming(packed.weights)).to.equal("no error");
    const infinite = Buffer.from(packed.weights);
    infinite.writeFloatLE(Infinity, 8);
    for (const weights of [
      infinite,
      packed.weights.subarray(4),
      Buffer.concat([packed.weights, infinite]),
      Buffer.alloc(0),
    ])
      expect(naming(weights)).to.equal("MODEL_FILE_UNUSABLE");
  });
});
