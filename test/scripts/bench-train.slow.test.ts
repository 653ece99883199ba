import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { TWINWARD } from "../helpers/journey.ts";

interface Figures {
  engines: Record<
    string,
    {
      version: string;
      steps: Record<string, number>;
      windows: Record<string, { ms: number; perSecond: number }>;
      memory: number;
    }
  >;
  torch: { version: string; steps: Record<string, number> } | null;
  ratios: Record<string, number> | null;
}

const bench = (...words: string[]) =>
  spawnSync(process.execPath, [TWINWARD, "bench", "train", ...words], { encoding: "utf8" });

describe("twinward bench train", function () {
  this.timeout(600_000);

  it("trains and infers within the aims, beside PyTorch where that is installed", () => {
    const { status, stdout, stderr } = bench("--engine", "onnx", "--seconds", "2", "--rounds", "3", "--json");
    expect(status, stderr).to.equal(0);
    const { engines, torch, ratios } = JSON.parse(stdout) as Figures;
    expect(Object.keys(engines)).to.deep.equal(["onnx"]);
    const { version, steps, windows, memory } = engines.onnx as NonNullable<(typeof engines)[string]>;
    expect(version).to.match(/^onnxruntime-node /);
    expect(Object.keys(steps)).to.have.length(4);
    for (const [name, { ms, perSecond }] of Object.entries(windows)) {
      expect(ms, name).to.be.lessThan(0.2);
      expect(perSecond, name).to.be.greaterThan(10_000);
    }
    expect(memory).to.be.lessThan(600);
    if (!torch) return console.log("      PyTorch is not installed here and is not compared");
    expect(Object.keys(torch.steps)).to.deep.equal(Object.keys(steps));
    expect(ratios?.onnx).to.be.lessThan(1.2);
  });

  it("prints tables for people", () => {
    const { status, stdout, stderr } = bench("--engine", "plain", "--seconds", "0.1", "--rounds", "1");
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/^LSTM classifier(?: +[\d.e+]+){1,2}$/m);
    expect(stdout).to.match(/^plain float32: at most \d+ MB$/m);
    expect(stdout).to.match(/^PyTorch is not installed|× PyTorch /m);
  });

  it("refuses an engine that there is not", () => {
    expect(bench("--engine", "tensorrt").status).to.equal(2);
  });
});
