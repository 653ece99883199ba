import { expect } from "chai";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { packCells } from "../../../ml/data/packed-cells.ts";
import { readTable } from "../../../ml/data/read-table.ts";
import { createRandom } from "../../../ml/random.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use, when collecting frees no more: what other tests have left goes in several turns. */
async function used(): Promise<number> {
  let now = Infinity;
  for (let before = Infinity, turn = 0; turn < 3 || (now < before - 100_000 && turn < 30); turn++) {
    before = now;
    await setImmediate();
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    now = heapUsed + arrayBuffers;
  }
  return now;
}

/** Gives how many bytes there are. */
function writeRows(file: string, rows: number, columns: number): number {
  const random = createRandom("memory");
  const cells = (): string[] => Array.from({ length: columns }, () => random.normal().toFixed(4));
  const text = Array.from({ length: rows }, () => cells().join(",")).join("\n");
  writeFileSync(file, text);
  return text.length;
}

describe("packed cells", () => {
  it("are the texts that were put in, however many and whatever they hold", () => {
    const cell = fc.oneof(
      fc.string({ unit: "binary", maxLength: 9 }),
      fc.constantFrom("", "0", "é", "\u{1F6A8}", "\uD800"),
    );
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 40 }), fc.integer({ min: 1, max: 150 }), (some, times) => {
        const cells = Array.from({ length: times }, () => some).flat();
        const packed = packCells(cells);
        expect(packed.length).to.equal(cells.length);
        expect(packed.texts().join("|")).to.equal(cells.join("|"));
      }),
      { numRuns: 60, seed: 1 },
    );
    for (const length of [1_023, 1_024, 1_025, 2_048]) {
      const cells = Array.from({ length }, (_, n) => `${n}`.repeat(n % 3));
      expect(packCells(cells).texts()).to.deep.equal(cells);
    }
  });

  it("of a table take little more memory than its file", async () => {
    const directory = mkdtempSync(join(tmpdir(), "packed-"));
    try {
      const file = join(directory, "rows.csv");
      const [rows, columns] = [20_000, 12];
      const bytes = writeRows(file, rows, columns);
      // What reading takes the first time is not the table's.
      const small = join(directory, "small.csv");
      writeRows(small, 2, columns);
      await readTable(small, { hasHeader: false });
      const before = await used();
      const table = await readTable(file, { hasHeader: false });
      const took = (await used()) - before;
      expect([table.rows, table.columns.length]).to.deep.equal([rows, columns]);
      // Four bytes a cell say where it ends. A string for each took four and a half times the file.
      expect(took / bytes).to.be.within(1, 2);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
