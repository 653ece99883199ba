import { expect } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawLosses } from "../../apps/cli/print-evaluation.ts";

describe("loss plots", () => {
  const directory = mkdtempSync(join(tmpdir(), "losses-"));
  after(() => rmSync(directory, { recursive: true }));

  it("are an SVG for each network, with a line for each of its trainings", () => {
    const points = [
      [1, 0.9],
      [2, 0.4],
      [3, 0.2],
    ] as const;
    const lines = ["learned", "later rows"].map((name) => ({ name, points }));
    drawLosses(join(directory, "plots"), [
      { network: "hybrid rebuild", lines },
      { network: "tell", lines: lines.slice(1) },
    ]);
    expect(readdirSync(join(directory, "plots")).sort()).to.deep.equal(["loss-hybrid-rebuild.svg", "loss-tell.svg"]);
    const drawn = readFileSync(join(directory, "plots", "loss-hybrid-rebuild.svg"), "utf8");
    expect(drawn).to.match(/^<svg .*Losses of hybrid rebuild.*epoch.*<\/svg>\n$/s);
    expect(drawn.match(/<polyline points="(\S+ \S+ \S+)"/g)).to.have.length(2);
  });
});
