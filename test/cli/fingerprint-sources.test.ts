import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fingerprintSources } from "../../apps/cli/fingerprint-sources.ts";

describe("fingerprint of sources", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "fit-model-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("knows code by every file's name and bytes", () => {
    const sources = join(directory, "sources");
    mkdirSync(join(sources, "deep"), { recursive: true });
    const print = () => fingerprintSources([sources]);
    const seen = new Set([print()]);
    const steps: [string, string][] = [
      ["a.ts", "1"],
      ["a.ts", "2"],
      ["b.ts", ""],
      ["deep/c.ts", "3"],
    ];
    for (const [name, text] of steps) {
      writeFileSync(join(sources, name), text);
      expect(print()).to.equal(print());
      expect(seen.has(print()), name).to.equal(false);
      seen.add(print());
    }
    writeFileSync(join(sources, "README.md"), "words are no code");
    expect(seen.has(print())).to.equal(true);
  });
});
