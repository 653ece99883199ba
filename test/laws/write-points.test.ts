// Every write of the server is in a row of a fault table, or in a list that says why not.
import { expect } from "chai";
import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  ACCESS_POINTS,
  BARE_CHAIN_POINTS,
  FILE_WRITES,
  OTHER_STATEMENTS,
  POINTS,
  SUCCESSION_POINTS,
} from "../faults/write-points.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ALL: Readonly<Record<string, readonly string[]>> = { ...POINTS, ...ACCESS_POINTS, ...BARE_CHAIN_POINTS };
const ROWS = [...new Set(Object.values(ALL).flat())];
const SUCCESSION = { file: "server/store/succeed-stream.ts", rows: SUCCESSION_POINTS.succession };
const WRITES = /(["'`])\s*((?:insert into|update|delete from|create|alter|drop|truncate)\s(?:(?!\1)[^])*)\1/g;
const FILE_CALL =
  /^(?:(?:write|append|copy|rename|link|unlink|rm|mkdir|mkdtemp|truncate|chmod|fsync|open|close|cp|symlink)\w*|create\w*Write\w*|syncDirectory|removeSecret)$/;
const sources = globSync("server/**/*.ts", { cwd: ROOT })
  .filter((file) => !file.includes("/generated/"))
  .sort()
  .map((file) => ({ file, text: readFileSync(ROOT + file, "utf8") }));

interface Statement {
  readonly file: string;
  /** Its text up to the first thing that is put in. */
  readonly text: string;
  readonly isWhole: boolean;
}

const withoutComments = (text: string): string => text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");

function statementsOf(text: string, file = ""): Statement[] {
  return [...withoutComments(text).matchAll(WRITES)].map(([, , sql = ""]) => {
    const [start = ""] = sql.split("${");
    return { file, text: start.replaceAll(/\s+/g, " ").trim(), isWhole: start === sql };
  });
}

/** A statement of which only the beginning is known is met by every row that begins so. */
const isMetBy = ({ text, isWhole }: Statement, row: string): boolean =>
  text.startsWith(row) || (!isWhole && row.startsWith(text));

const statements = sources.flatMap(({ file, text }) => statementsOf(text, file));

/** What writes among the names that a file has from Node's files, or from what of ours writes files. */
function callsOf(text: string): string {
  const imports = text.matchAll(
    /^import (?:type )?\{([^}]*)\} from "(?:node:fs(?:\/promises)?|[./\w-]*\/(?:files|write-durably)\.ts)"/gm,
  );
  const names = [...imports].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  const truncates = /\.truncate\(/.test(text) ? ["truncate"] : [];
  return [...names.filter((name) => FILE_CALL.test(name)), ...truncates].sort().join(" ");
}

describe("write points", () => {
  it("that are statements are in a row of a fault table, or in the list of the others", () => {
    expect(statements).to.have.length.greaterThan(40);
    const known = (statement: Statement): boolean => {
      const { file, text } = statement;
      if (file === SUCCESSION.file) return SUCCESSION.rows.some((row) => text.startsWith(row));
      if (file in OTHER_STATEMENTS) return true;
      return [...ROWS, ...Object.keys(OTHER_STATEMENTS)].some((row) => isMetBy(statement, row));
    };
    expect(statements.filter((one) => !known(one)).map(({ file, text }) => `${file}: ${text}`)).to.deep.equal([]);
  });

  it("that are files are in a row of a fault table, or in the list of the others", () => {
    const found = sources.map(({ file, text }) => [file, callsOf(text)]).filter(([, calls]) => calls !== "");
    const listed = Object.entries(FILE_WRITES).map(([file, [calls]]) => [file, calls]);
    expect(Object.fromEntries(found)).to.deep.equal(Object.fromEntries(listed));
  });

  it("that are listed are there", () => {
    const isSql = (row: string): boolean => !row.includes("/");
    const rows = [...ROWS, ...Object.keys(OTHER_STATEMENTS).filter((key) => !key.includes(".ts"))];
    for (const row of rows.filter(isSql))
      expect(
        statements.some((one) => isMetBy(one, row)),
        row,
      ).to.equal(true);
    for (const row of SUCCESSION.rows)
      expect(
        statements.some((one) => one.file === SUCCESSION.file && isMetBy(one, row)),
        row,
      ).to.equal(true);
    for (const key of Object.keys(OTHER_STATEMENTS).filter((key) => key.includes(".ts")))
      expect(statements.map(({ file }) => file)).to.include(key);
    const named = [...Object.values(FILE_WRITES).map(([, where]) => where), ...Object.values(OTHER_STATEMENTS)];
    for (const where of named) {
      for (const [path] of where.matchAll(/test\/[\w./-]+\.ts/g)) expect(existsSync(ROOT + path), path).to.equal(true);
      for (const [row] of where.matchAll(
        /(?:open|write|writeFile|rename|rm|link|truncate) (?:keys|mirror|chain|data)\/[\w./-]*/g,
      ))
        expect(ROWS, where).to.include(row);
    }
  });

  it("are told apart from what only reads", () => {
    const text =
      'tx.query("select 1 from leaf for update"); tx.query(`delete from ${table} where x`); "update leaf set x = 1"';
    expect(statementsOf(text).map((one) => one.text)).to.deep.equal(["delete from", "update leaf set x = 1"]);
    expect(callsOf('import { open, readFile } from "node:fs/promises";\nimport { rmSync } from "node:fs";')).to.equal(
      "open rmSync",
    );
  });
});
