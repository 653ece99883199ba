import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashModel } from "../../ml/model-hash.ts";

describe("fit-model", function () {
  this.timeout(60_000);
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "fit-model-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const fit = (): { file: string; hash: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["apps/cli/fit-model.ts", directory], {
      encoding: "utf8",
    });
    expect(status, stderr).to.equal(0);
    return JSON.parse(stdout) as { file: string; hash: string };
  };
  const read = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;

  it("takes the model that this code has fitted, and no other: not older code's, nor a damaged one", () => {
    // What another version of the detector left behind, whole and under its right name.
    const old = { format: "pca@1", signals: ["heart"], views: [] };
    writeFileSync(join(directory, `pca-${hashModel(old)}.json`), JSON.stringify(old));
    const fitted = fit();
    expect(fitted.hash).to.not.equal(hashModel(old));
    expect(hashModel(read(fitted.file))).to.equal(fitted.hash);

    const written = statSync(fitted.file).mtimeMs;
    expect(fit()).to.deep.equal(fitted);
    expect(statSync(fitted.file).mtimeMs, "fitted once").to.equal(written);

    writeFileSync(
      join(directory, "fitted.json"),
      JSON.stringify({ code: `0x${"1".repeat(64)}`, hash: hashModel(old) }),
    );
    expect(fit(), "older code's").to.deep.equal(fitted);
    writeFileSync(fitted.file, "{}");
    expect(fit(), "damaged").to.deep.equal(fitted);
    expect(hashModel(read(fitted.file))).to.equal(fitted.hash);
    writeFileSync(join(directory, "fitted.json"), "half");
    expect(fit(), "no record").to.deep.equal(fitted);
  });
});
