import { expect } from "chai";
import fc from "fast-check";
import { addContext, averageScores } from "../../../ml/data/context.ts";
import { blockFolds, foldOf, withholdKinds } from "../../../ml/data/folds.ts";
import type { Frame } from "../../../ml/data/frame.ts";
import { cutStretchesOf } from "../../../ml/data/stretches.ts";

/** Files of interleaved devices. */
const FILES = fc.array(
  fc.record({ rows: fc.integer({ min: 120, max: 400 }), devices: fc.integer({ min: 1, max: 4 }) }),
  {
    minLength: 1,
    maxLength: 3,
  },
);

function framesOf(files: readonly { rows: number; devices: number }[]): Frame {
  let first = 0;
  const stretches = files.flatMap(({ rows, devices }) => {
    const own = Array.from({ length: rows }, (_, row) => `device ${row % devices}`);
    const cut = cutStretchesOf(rows, first, own);
    first += rows;
    return cut;
  });
  return { signals: ["x"], values: [Float64Array.from({ length: first }, (_, n) => n)], rows: first, stretches };
}

describe("blocked cross-validation", () => {
  it("judges every row once, and no window of a judged row and one learned from share a row", () => {
    fc.assert(
      fc.property(FILES, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 5 }), (files, width, folds) => {
        const frame = framesOf(files);
        fc.pre(frame.stretches.every((stretch) => stretch.length >= folds * (2 * width + 2)));
        const parts = blockFolds(frame.stretches, { folds, gap: width });
        const judged = parts.flatMap(({ test }) => [...test]).sort((a, b) => a - b);
        expect(judged).to.deep.equal([...frame.values[0]!]);
        const place = new Map(frame.stretches.flatMap((own, n) => [...own].map((row, at) => [row, [n, at]] as const)));
        const windowOf = (row: number): number[] => {
          const [stretch, at] = place.get(row)! as [number, number];
          return [...frame.stretches[stretch]!.subarray(Math.max(0, at - width + 1), at + 1)];
        };
        for (const { test, train } of parts) {
          const seen = new Set([...test].flatMap(windowOf));
          expect([...train].flatMap(windowOf).filter((row) => seen.has(row))).to.deep.equal([]);
        }
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  it("learns for the last block from earlier rows alone, and refuses too few rows", () => {
    const stretch = Int32Array.from({ length: 100 }, (_, row) => row);
    const folds = blockFolds([stretch], { folds: 5, gap: 3 });
    const { test, train } = folds[4]!;
    expect([test[0], test.at(-1), train.at(-1)]).to.deep.equal([80, 99, 76]);
    expect([...foldOf(folds, 100)].filter((fold) => fold === 4)).to.have.length(20);
    expect(() => blockFolds([stretch.subarray(0, 10)], { folds: 5, gap: 3 })).to.throw("too few rows");
  });
});

describe("kinds of attack", () => {
  const stretch = Int32Array.from({ length: 500 }, (_, row) => row);
  const blocks = blockFolds([stretch], { folds: 5, gap: 3 });
  const kinds = Array.from(stretch, (row) => (row % 2 === 0 ? "normal" : `kind ${row % 7}`));
  const labels = Uint8Array.from(kinds, (kind) => Number(kind !== "normal"));

  it("are each unseen by one fold, which learns of all clean rows and of the other kinds as before", () => {
    const folds = withholdKinds(blocks, labels, kinds);
    expect(folds.flatMap(({ withheld }) => withheld).sort()).to.deep.equal(
      [...Array(7).keys()].map((n) => `kind ${n}`),
    );
    folds.forEach(({ test, train, withheld }, fold) => {
      expect(test).to.deep.equal(blocks[fold]!.test);
      const kept = blocks[fold]!.train.filter((row) => !withheld!.includes(kinds[row]!));
      expect([...train]).to.deep.equal([...kept]);
    });
  });

  it("are all seen where they are too few", () => {
    const two = kinds.map((kind, row) => (kind === "normal" ? kind : `kind ${row % 3}`));
    expect(withholdKinds(blocks, labels, two)).to.equal(blocks);
  });
});

describe("looking back", () => {
  it("never leaves a file or device, and never looks ahead", () => {
    fc.assert(
      fc.property(FILES, fc.nat(), (files, at) => {
        const frame = framesOf(files);
        const changed = at % frame.rows;
        const other = { ...frame, values: [frame.values[0]!.map((value, row) => (row === changed ? 1e6 : value))] };
        const context = { width: 5, signals: [0] };
        const [before, after] = [addContext(frame, context), addContext(other, context)];
        const own = frame.stretches.find((stretch) => stretch.includes(changed))!;
        const from = own.indexOf(changed);
        const mayDiffer = new Set(own.subarray(from, from + 5));
        before.values.forEach((values, signal) =>
          values.forEach((value, row) => {
            if (!mayDiffer.has(row)) expect(after.values[signal]![row]).to.equal(value);
          }),
        );
        const averaged = averageScores(other.values[0]!, frame.stretches, 5);
        averageScores(frame.values[0]!, frame.stretches, 5).forEach((value, row) => {
          if (!mayDiffer.has(row)) expect(averaged[row]).to.equal(value);
        });
      }),
      { numRuns: 30, seed: 4 },
    );
  });

  it("ends a stretch at a pause", () => {
    const times = Float64Array.from([0, 1, 2, 3, 60, 61]);
    expect(cutStretchesOf(6, 10, undefined, times).map((own) => [...own])).to.deep.equal([
      [10, 11, 12, 13],
      [14, 15],
    ]);
  });
});
