import { expect } from "chai";
import { isClean } from "../../../ml/data/labels.ts";
import { findLeaks } from "../../../ml/data/leaks.ts";
import { createRandom } from "../../../ml/random.ts";

const ROWS = 2_000;

describe("the leak check", () => {
  const random = createRandom("leaks");
  // Attacks in stretches, a fifth of the rows.
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => (row % 100 >= 80 ? 1 : 0));
  const column = (of: (label: number, row: number) => string | number) => ({
    name: "x",
    cells: Array.from(labels, (label, row) => String(of(label, row))),
  });
  const found = (of: (label: number, row: number) => string | number): string[] =>
    findLeaks([column(of)], labels).map(({ form }) => form);

  it("finds a planted one in each form", () => {
    expect(found((label) => label)).to.deep.equal(["its value"]);
    expect(found((label, row) => `2019-04-${label === 1 ? 25 : 24}T${row}`)[0]).to.match(/^its first \d+ signs$/);
    expect(found((label, row) => `${row}:${row % 7}:${label === 1 ? "ee" : "ef"}`)[0]).to.match(/^its last \d+ signs$/);
    expect(found((label, row) => "z".repeat(label === 1 ? 3 + (row % 2) : 7))).to.have.length(1);
    expect(found((label) => (label === 1 ? "10.0.0.9" : `10.0.0.${random.integer(8)}`))).to.have.length(1);
    expect(found((label) => label * 50 + random.uniform())).to.deep.equal(["the range of its value"]);
    // One row in two hundred is wrong: still the answer.
    expect(found((label) => (random.uniform() < 0.005 ? 1 - label : label))).to.have.length(1);
  });

  it("lets a strong honest signal pass, and a name that every row has for itself", () => {
    // Two standard deviations and a half either side of the middle: balanced accuracy 0.975, which is no answer.
    expect(found((label) => (label === 1 ? 4 : 0) + random.normal())).to.deep.equal([]);
    expect(found((_, row) => `flow-${row}`)).to.deep.equal([]);
    expect(found(() => random.uniform())).to.deep.equal([]);
    // Three attacked rows prove nothing about a column.
    expect(
      findLeaks(
        [column((label) => label)],
        labels.map((label, row) => (row >= 80 && row < 83 ? label : 0)),
      ),
    ).to.deep.equal([]);
  });
});

describe("labels", () => {
  it("are clean when 0, false, empty or the word, in any case; all else is an attack", () => {
    for (const word of ["0", "0.0", " ", "", "FALSE", "Normal", "normal"])
      expect(isClean(word, "normal")).to.equal(true);
    for (const word of ["1", "true", "-999", "neptune", "norm"]) expect(isClean(word, "normal")).to.equal(false);
    expect(isClean("BENIGN", "Benign")).to.equal(true);
    expect(isClean("normal", "benign")).to.equal(false);
  });
});
