import { expect } from "chai";
import { readFileSync } from "node:fs";
import { figuresTable, withTable, type Gas, type MeasuredFigures } from "../../scripts/bench/parts/figures-table.ts";

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

describe("the README's figures", () => {
  const readme = read("README.md");
  const figures = JSON.parse(read("docs/performance/figures.json")) as MeasuredFigures;
  const gas = JSON.parse(read("test/contracts/gas/snapshot.json")) as Gas;

  it("are those that the bench wrote down, with the gas of the snapshot", () => {
    expect(withTable(readme, figuresTable(figures, gas))).to.equal(readme);
    expect(figuresTable(figures, gas)).not.to.match(/NaN|undefined/);
    expect(figuresTable(figures, { ...gas, grant: 1 })).not.to.equal(figuresTable(figures, gas));
  });

  it("say what computing would take at the reference's speed, and leave what waits as it is", () => {
    const ingest = figures.ingest.map((one) => ({ ...one, perSecond: 6_255, ratio: 0.3 }));
    const half = figuresTable(
      { ...figures, ingest, anchor: { leaves: 100_000, sealMs: 300, proofsPerSecond: 30_000 } },
      gas,
    );
    expect(half).to.match(/sealing .* \| 300 ms \| 150 \|/);
    expect(half).to.match(/proofs a second \| 30 000 \| 60 000 \|/);
    expect(half).to.match(/start without data .* s \| {2}\|/);
  });
});

describe("docs/proofs.md's costs", () => {
  it("are the snapshot's, to the nearest thousand, of every call that the page is about", () => {
    const gas = JSON.parse(read("test/contracts/gas/snapshot.json")) as Gas;
    const [, costs = ""] = read("docs/proofs.md").split("\n## Costs\n");
    const told = [...costs.matchAll(/^\| `([^`]+)`[^|]*\| ([^|]+) \|$/gm)].map(([, name, figure]) => [name, figure]);
    const thousands = (figure: number): string => `${Math.round(figure / 1_000)} 000`;
    const provable = /^(proveEquivocation|rotateKey|markKey|challenge|resume|fence|openSuccessor|record)/;
    const measured = Object.entries(gas).filter(([name]) => provable.test(name));
    expect(Object.fromEntries(told)).to.deep.equal(
      Object.fromEntries(measured.map(([name, figure]) => [name, thousands(figure)])),
    );
    expect(told.length).to.equal(measured.length).and.to.be.at.least(13);
  });
});
