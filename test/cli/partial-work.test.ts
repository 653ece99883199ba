import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPartial } from "../../apps/cli/partial-work.ts";
import type { Learned } from "../../ml/detectors/detector.ts";
import { UNKEPT } from "../../ml/detectors/work.ts";

describe("what a training leaves beside its model", () => {
  const root = mkdtempSync(join(tmpdir(), "twinward-partial-"));
  after(() => rmSync(root, { recursive: true }));
  let model: string;
  let partial: string;
  let said: string[];
  beforeEach(() => {
    said = [];
    model = join(mkdtempSync(join(root, "case-")), "model");
    partial = `${model}.partial`;
  });
  const open = (lesson: string) => openPartial(`${model}/`, lesson, (line) => void said.push(line));
  const learned = (method: string): Learned => ({
    outOfFold: Float64Array.of(1),
    parts: { networks: {}, scaler: [], settings: null },
    engine: "none",
    method,
  });
  const learn = async ({ work }: Awaited<ReturnType<typeof open>>, method: string): Promise<string> =>
    (await work.learn("one", async () => learned(method))).method;

  it("is gone on with by the same lesson, and gone when the model is written", async () => {
    const first = await open("lesson");
    expect(await learn(first, "first")).to.equal("first");
    await first.leave();
    expect(statSync(partial).mode & 0o777).to.equal(0o700);
    const second = await open("lesson");
    expect(said).to.deep.equal([`Goes on with ${partial}: one has learned.`]);
    expect(await learn(second, "second")).to.equal("first");
    await second.remove();
    expect(existsSync(partial)).to.equal(false);
    expect(said).to.have.length(1);
  });

  it("is of no use to another lesson, which says so and leaves its own", async () => {
    const first = await open("lesson");
    await learn(first, "first");
    await first.leave();
    const other = await open("other");
    expect(said).to.deep.equal([`Begins anew: ${partial} is of other files, options or another version.`]);
    expect(await learn(other, "other")).to.equal("other");
    await other.leave();
    expect(await learn(await open("other"), "again")).to.equal("other");
  });

  it("is nothing where nothing was done", async () => {
    await (await open("lesson")).leave();
    expect(existsSync(partial)).to.equal(false);
    expect(said).to.deep.equal([]);
  });

  it("is one process's, and says whose", async () => {
    const first = await open("lesson");
    const refused = (await open("lesson").catch((error: unknown) => error)) as { code: string; message: string };
    expect(refused.code).to.equal("DATA_LOCKED");
    await first.leave();
    await (await open("lesson")).remove();
  });

  it("takes files of ours that are damaged, or none of ours, for nothing, and never removes another's", async () => {
    mkdirSync(join(partial, "lesson"), { recursive: true });
    mkdirSync(join(partial, `${"0".repeat(64)}.checkpoint`));
    writeFileSync(join(partial, "one.learned"), "damaged");
    writeFileSync(join(partial, "one.learned.new"), "half");
    writeFileSync(join(partial, "notes.txt"), "somebody's own");
    const first = await open("lesson");
    expect(said).to.have.length(1);
    expect(readdirSync(partial).sort()).to.deep.equal(["lesson", "lock", "notes.txt"]);
    await learn(first, "first");
    writeFileSync(join(partial, "one.learned"), "damaged");
    await first.leave();
    const second = await open("lesson");
    expect(await learn(second, "second")).to.equal("second");
    expect(said.at(-1)).to.equal(`${join(partial, "one.learned")} is damaged, or of another lesson. It is not used.`);
    await second.remove();
    expect(readdirSync(partial)).to.deep.equal(["notes.txt"]);
  });

  it("is not kept where there is no place for it, which is said", async () => {
    writeFileSync(partial, "a file");
    const { work, remove } = await open("lesson");
    expect(work).to.equal(UNKEPT);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^Nothing is kept for a training that is killed: EEXIST/);
    await remove();
    expect(existsSync(partial)).to.equal(true);
  });
});
