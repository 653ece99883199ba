import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TWINWARD } from "../helpers/journey.ts";

const preload = (name: string): string =>
  `--import=${fileURLToPath(new URL(`../helpers/${name}.ts`, import.meta.url))}`;

function run(words: readonly string[], environment: Record<string, string> = {}, cwd?: string) {
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, [TWINWARD, ...words], { encoding: "utf8", env, ...(cwd && { cwd }) });
}

describe("twinward detect engines", () => {
  it("lists every engine as ready with its version, for people and for machines", () => {
    const { status, stdout, stderr } = run(["detect", "engines"]);
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/^onnx +ready +onnxruntime-node 1\.27\.0$/m);
    expect(stdout).to.match(/^tfjs +ready +@tensorflow\/tfjs(?:-node)? 4\.22\.0/m);
    expect(stdout).to.match(/^plain +ready +plain float32$/m);
    const listed = JSON.parse(run(["detect", "engines", "--json"]).stdout) as { engine: string; isReady: boolean }[];
    expect(listed.map(({ engine, isReady }) => [engine, isReady])).to.deep.equal([
      ["onnx", true],
      ["tfjs", true],
      ["plain", true],
    ]);
  });

  it("lists an engine that is not installed as missing, with the command that installs it", () => {
    const without = { NODE_OPTIONS: preload("without-package"), WITHOUT_PACKAGE: "onnxruntime-node" };
    const { status, stdout, stderr } = run(["detect", "engines"], without);
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/^onnx +missing +npm ci \(Cannot find package 'onnxruntime-node'\)$/m);
    expect(stdout).to.match(/^plain +ready/m);
  });

  it("never puts another engine in the place of the one that is named", () => {
    const without = { NODE_OPTIONS: preload("without-package"), WITHOUT_PACKAGE: "onnxruntime-node" };
    const { status, stdout, stderr } = run(["bench", "train", "--engine", "onnx", "--seconds", "0.1"], without);
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: "" });
    expect(stderr).to.match(/^ENGINE_MISSING: onnx .*\n +What to do: npm ci$/m);
  });

  it("opens no connection, and leaves no file behind", () => {
    const home = mkdtempSync(join(tmpdir(), "twinward-engines-"));
    try {
      for (const name of ["work", "temporary"]) mkdirSync(join(home, name));
      const program = `
        const { loadEngine } = await import(${JSON.stringify(new URL("../../ml/engines/load.ts", import.meta.url).href)});
        const { GraphBuilder } = await import(${JSON.stringify(new URL("../../ml/graph/build.ts", import.meta.url).href)});
        for (const name of ["onnx", "tfjs", "plain"]) {
          const g = new GraphBuilder();
          const x = g.input("x", [2]);
          const program = await (await loadEngine(name)).compile(g.finish({ y: g.multiply(x, x) }), {});
          const { y } = await program.run({ x: Float32Array.of(2, 3) });
          await program.close();
          console.log(name, [...y].join());
        }`;
      const env: Record<string, string> = {
        PATH: process.env.PATH ?? "",
        HOME: home,
        TMPDIR: join(home, "temporary"),
        XDG_CACHE_HOME: join(home, "cache"),
        XDG_DATA_HOME: join(home, "share"),
        NODE_OPTIONS: preload("no-network"),
      };
      const done = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
        cwd: join(home, "work"),
        env,
        encoding: "utf8",
      });
      expect(done.stderr).to.equal("");
      expect(done.stdout.trim().split("\n")).to.deep.equal(["onnx 4,9", "tfjs 4,9", "plain 4,9"]);
      expect(readdirSync(home, { recursive: true }).sort()).to.deep.equal(["temporary", "work"]);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
