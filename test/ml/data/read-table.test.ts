import { expect } from "chai";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeColumn, typeColumn } from "../../../ml/data/columns.ts";
import { readTable, type Table } from "../../../ml/data/read-table.ts";
import { packCells } from "../../../ml/data/packed-cells.ts";
import { MlError } from "../../../ml/errors.ts";

describe("a table out of a CSV", () => {
  const directory = mkdtempSync(join(tmpdir(), "table-"));
  after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "rows.csv");

  async function read(text: string, hasHeader = true): Promise<Table> {
    writeFileSync(file, text);
    return readTable(file, { hasHeader });
  }
  async function refused(text: string, hasHeader = true): Promise<MlError> {
    const error: unknown = await read(text, hasHeader).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(MlError);
    return error as MlError;
  }

  it("takes quoted cells, byte order marks, other line ends and empty lines", async () => {
    const table = await read('\uFEFFa,"b, c"\r\n1,"x\ny"\r\n\r\n 2 ,"say ""no"""\r\n');
    expect(table.names).to.deep.equal(["a", "b, c"]);
    expect(table.columns.map((cells) => cells.texts())).to.deep.equal([
      ["1", "2"],
      ["x\ny", 'say "no"'],
    ]);
    expect(table.rows).to.equal(2);
    expect((await read("1,2\n3,4\n", false)).names).to.deep.equal(["c0", "c1"]);
  });

  it("names row and column of what does not fit", async () => {
    expect((await refused("a,b\n1,2\n3\n")).facts).to.include({ row: 2, file: "rows.csv" });
    expect((await refused("a,b\n1,2\n3\n")).message).to.contain("nothing in column b");
    expect((await refused("a,b\n1,2,3\n")).message).to.contain("row 1 has 3 cells instead of 2");
    expect((await refused('a,b\n1,2\n"3,4\n')).message).to.contain("after row 1");
    expect((await refused("a,a\n1,2\n")).message).to.contain("two columns are called a");
    expect((await refused("a,,b\n1,2,3\n")).message).to.contain("column 2 has no name");
    expect((await refused("a,b\n")).message).to.contain("has no rows");
    expect((await refused("")).code).to.equal("UNUSABLE_TABLE");
    const absent: unknown = await readTable(join(directory, "none.csv"), { hasHeader: true }).catch((e: unknown) => e);
    expect((absent as MlError).code).to.equal("UNUSABLE_TABLE");
  });

  it("gives back whatever was written, or a coded error, for any bytes", async () => {
    const cell = fc.string({ maxLength: 6 }).map((text) => text.trim());
    const rows = fc.array(fc.tuple(cell, cell, fc.constant("end")), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, async (written) => {
        const text = written.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(",")).join("\n");
        const columns = (await read(`x,y,z\n${text}\n`)).columns.map((cells) => cells.texts());
        expect(columns[0]!.map((_, at) => columns.map((column) => column[at]))).to.deep.equal(written);
      }),
      { numRuns: 100, seed: 1 },
    );
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'a1,"\n\r \0é;'), maxLength: 40 }), async (text) => {
        const outcome: unknown = await read(text).catch((thrown: unknown) => thrown);
        if (outcome instanceof Error) expect((outcome as MlError).code).to.equal("UNUSABLE_TABLE");
        else for (const column of (outcome as Table).columns) expect(column).to.have.length((outcome as Table).rows);
      }),
      { numRuns: 300, seed: 2 },
    );
  });
});

describe("columns", () => {
  const tableOf = (cells: string[]): Table => ({
    source: "s",
    names: ["x"],
    columns: [packCells(cells)],
    rows: cells.length,
    digest: "0x",
  });
  const type = (cells: string[]) => typeColumn("x", [{ source: "s", cells }]);

  it("are numbers, booleans, categories or constants, whatever is missing", () => {
    expect(type(["1", "", "2.5e-3", "NaN", "-.5"])).to.deep.equal({ name: "x", kind: "number" });
    expect(type(["yes", "no", "", "yes"])).to.deep.equal({ name: "x", kind: "boolean", values: ["no", "yes"] });
    expect(type(["1.0", "1", ""]).kind).to.equal("constant");
    expect(type(["", "?"]).kind).to.equal("constant");
    const words = ["a", "b", "c"].flatMap((word) => Array<string>(5).fill(word));
    expect(type([...words, "rare"])).to.deep.equal({ name: "x", kind: "category", values: ["a", "b", "c"] });
  });

  it("become signals; what is missing is NaN, what training never saw is none of the known", () => {
    const category = { name: "x", kind: "category", values: ["a", "b"] } as const;
    expect(encodeColumn(category, tableOf(["b", "new", ""])).map((own) => [...own])).to.deep.equal([
      [0, 0, NaN],
      [1, 0, NaN],
    ]);
    const boolean = { name: "x", kind: "boolean", values: ["no", "yes"] } as const;
    expect([...encodeColumn(boolean, tableOf(["yes", "no", "maybe"]))[0]!]).to.deep.equal([1, 0, NaN]);
  });

  it("refuse an odd cell among numbers, in training and after", () => {
    const cells = [...Array(60).keys()].map(String);
    const odd = [...cells.slice(0, 30), "0x1f", ...cells.slice(30)];
    expect(() => type(odd)).to.throw(MlError, "row 31, column x: '0x1f' is no number");
    expect(() => encodeColumn({ name: "x", kind: "number" }, tableOf(["1", "Infinity"]))).to.throw(MlError, "row 2");
    expect(() => encodeColumn({ name: "y", kind: "number" }, tableOf(["1"]))).to.throw(MlError, "no column y");
  });
});
