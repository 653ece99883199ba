import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TWINWARD } from "../helpers/journey.ts";
import { pumpRows } from "../helpers/pump-rows.ts";

interface Told {
  threshold: number;
  error: string;
  columns: string[];
  card: { detector: string; sees: string[]; privacy: null; metrics: { name: string; value: number; low: number }[] };
  figures: { name: string; value: number }[];
  kinds: { kind: string; recall: number }[];
}

describe("twinward detect train, score, evaluate", () => {
  const directory = mkdtempSync(join(tmpdir(), "detect-"));
  after(() => rmSync(directory, { recursive: true }));
  const at = (name: string): string => join(directory, name);

  function run(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [TWINWARD, "detect", ...words, "--json"], {
      encoding: "utf8",
    });
    return { status, stderr, told: JSON.parse(stdout || "{}") as Told };
  }
  const train = (...words: string[]) =>
    run("train", "--time", "at", "--label", "attack", "--detector", "baseline", ...words);
  const figure = (told: Told, name: string): number => told.figures.find((each) => each.name === name)?.value ?? NaN;

  before(() => {
    writeFileSync(at("a.csv"), pumpRows({ rows: 900, seed: "a" }));
    writeFileSync(at("b.csv"), pumpRows({ rows: 600, seed: "b" }));
    // Neither the label nor the constant column.
    writeFileSync(at("unlabelled.csv"), readFileSync(at("b.csv"), "utf8").replace(/,[^,\n]*,[^,\n]*$/gm, ""));
  });

  it("learn, judge a file that has no label, and are held against one", () => {
    const { status, told, stderr } = train("--data", at("a.csv"), "--model", at("m"), "--plots", at("cv"));
    expect(status, stderr).to.equal(0);
    expect(told.card).to.include({ detector: "baseline", privacy: null });
    expect(told.card.sees).to.deep.equal(["speed", "pressure", "flow", "valve"]);
    const promised = told.card.metrics.find(({ name }) => name === "F1")!;

    const scored = run(
      "score",
      "--model",
      at("m"),
      "--data",
      at("unlabelled.csv"),
      "--out",
      at("scores.csv"),
      "--explain",
      at("why"),
    );
    expect(scored.status, scored.stderr).to.equal(0);
    const lines = readFileSync(at("scores.csv"), "utf8").trimEnd().split("\n");
    expect(lines[0]).to.equal("row,score,alarm");
    const rows = lines.slice(1).map((line) => line.split(",").map(Number));
    expect(rows.map(([row]) => row)).to.deep.equal(Array.from({ length: 600 }, (_, n) => n + 1));
    for (const [row, score, alarm] of rows) expect(alarm, `row ${row}`).to.equal(Number(score! >= told.threshold));

    const why = readFileSync(at("why"), "utf8").trimEnd().split("\n");
    const explained = why.map((line) => JSON.parse(line) as { row: number; signals: { signal: string }[] });
    const called = rows.filter(([, , alarm]) => alarm === 1).map(([row]) => row);
    expect(explained.map(({ row }) => row)).to.deep.equal(called);
    const named = explained.filter(({ signals }) => ["pressure", "flow"].includes(signals[0]!.signal));
    expect(named.length / called.length).to.be.greaterThan(0.8);

    const rated = ["--scores", at("scores.csv"), "--data", at("b.csv"), "--label", "attack", "--plots", at("p")];
    const judged = run("evaluate", ...rated);
    expect(judged.status, judged.stderr).to.equal(0);
    // The floor is what the card promises at its worst.
    expect(figure(judged.told, "F1")).to.be.at.least(promised.low - 0.05);
    expect(promised.value).to.be.greaterThan(0.7);
    expect(figure(judged.told, "ROC AUC")).to.be.greaterThan(0.9);
    expect(judged.told.kinds.map(({ kind }) => kind).sort()).to.deep.equal(["freeze", "offset"]);
    for (const file of ["cv/roc.svg", "cv/precision-recall.svg", "p/roc.svg"])
      expect(existsSync(at(file)), file).to.equal(true);
    expect(readFileSync(at("p/roc.svg"), "utf8")).to.match(/^<svg .*ROC: area 0\.9\d\d/s);
  });

  it("refuse a column that gives the label away, say which, and write nothing", () => {
    const rows = readFileSync(at("a.csv"), "utf8").trimEnd().split("\n");
    const planted = rows.map((row, n) =>
      n === 0 ? `by,${row}` : `pump-${row.endsWith("normal") ? 3 : 7 + (n % 2)},${row}`,
    );
    writeFileSync(at("planted.csv"), planted.join("\n"));
    const refused = train("--data", at("planted.csv"), "--model", at("none"));
    expect(refused.status).to.equal(1);
    expect(refused.told).to.deep.include({ error: "LABEL_LEAKED", columns: ["by"] });
    expect(existsSync(at("none"))).to.equal(false);
  });

  it("exit 2 for words and files that cannot be used", () => {
    expect(train("--data", at("a.csv"), "--model", at("none"), "--epsilon", "1").status).to.equal(2);
    const absent = run("score", "--model", at("none"), "--data", at("b.csv"), "--out", at("x.csv"));
    expect([absent.status, absent.told.error]).to.deep.equal([1, "MODEL_FILE_UNUSABLE"]);
  });
});
