import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../apps/cli/twinward.mjs", import.meta.url));
/** Says at the end which modules were loaded. */
const TELL = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
process.on("exit", () => console.error(JSON.stringify(loaded)));`;

describe("the command line", () => {
  it("describes itself without loading a server, a database, a broker or an engine", () => {
    const hook = `data:text/javascript,${encodeURIComponent(TELL)}`;
    const { stderr, stdout } = spawnSync(process.execPath, ["--import", hook, CLI, "--help"], { encoding: "utf8" });
    expect(stdout).to.include("verify");
    const loaded = JSON.parse(stderr) as string[];
    expect(loaded.filter((url) => url.endsWith("/apps/cli/commands/up.ts"))).to.have.lengthOf(1);
    const heavy =
      /\/server\/main\/start|\/node_modules\/(?:express|pg|@electric-sql|aedes|mqtt|@tensorflow|onnxruntime-node)\//;
    expect(loaded.filter((url) => heavy.test(url))).to.deep.equal([]);
  });
});
