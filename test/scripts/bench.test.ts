import { expect } from "chai";
import { drawLines } from "../../apps/cli/draw-lines.ts";
import { drawFlame, type CpuProfile } from "../../scripts/bench/parts/draw-flame.ts";
import { quantile } from "../../scripts/bench/parts/quantile.ts";

describe("what benches draw and count", () => {
  it("draws lines with their names, axes and a mark, and escapes words", () => {
    const points = [
      [0, 1],
      [50_000, 2],
    ] as const;
    const svg = drawLines({
      title: "a < b",
      x: "readings",
      y: "ms",
      mark: ["most", 3],
      lines: [{ name: "one", points }],
    });
    expect(svg).to.include("a &#60; b").and.include(">50k<").and.include(">one<").and.include(">most<");
    expect(svg.match(/<polyline/g)).to.have.length(1);
    expect(() => drawLines({ title: "", x: "", y: "", lines: [] })).to.throw(RangeError);
  });

  it("draws what called what as wide as it took, without waiting and without this machine's paths", () => {
    const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
      id,
      callFrame: { functionName, url, lineNumber: 9 },
      children,
    });
    const profile: CpuProfile = {
      nodes: [
        node(1, "(root)", "", [2, 4, 5]),
        node(2, "serve", "file:///home/me/server/api/app.ts", [3]),
        node(3, "<hash>", "file:///home/me/protocol/hash.ts"),
        node(4, "(idle)", ""),
        node(5, "(garbage collector)", ""),
      ],
      samples: [2, 3, 4, 5],
      timeDeltas: [100_000, 500_000, 5_000_000, 400_000],
    };
    const svg = drawFlame(profile, "a bench");
    const drawn = [...svg.matchAll(/<g><title>(.*?)<\/title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)];
    expect(drawn.map((each) => each.slice(1))).to.deep.equal([
      ["serve server/api/app.ts:10, 60.0 %", "0.0", "44", "719.5"],
      ["&#60;hash&#62; protocol/hash.ts:10, 50.0 %", "0.0", "61", "599.5"],
      ["(garbage collector) , 40.0 %", "720.0", "44", "479.5"],
    ]);
    expect(svg).to.contain("a bench: 1.0 s of work").and.not.to.contain("/home/me");
    expect(() => drawFlame({ ...profile, samples: [4], timeDeltas: [1] }, "")).to.throw(RangeError);
  });

  it("takes the nearest rank", () => {
    const numbers = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([0, 0.5, 0.99, 0.999, 1].map((q) => quantile(numbers, q))).to.deep.equal([1, 50, 99, 100, 100]);
    expect(() => quantile([], 0.5)).to.throw(RangeError);
  });
});
