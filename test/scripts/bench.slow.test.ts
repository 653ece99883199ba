import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench, figures, program } from "../helpers/run-bench.ts";

describe("twinward bench, on a server", function () {
  this.timeout(180_000);
  const directory = mkdtempSync(join(tmpdir(), "twinward-bench-test-"));
  after(() => rmSync(directory, { recursive: true, force: true }));

  it("ingest: measures both databases beside the machine's own rate, and draws the growth", async () => {
    interface Ingest {
      database: string;
      absent?: string;
      steps: { stored: number; ratio: number; cpuRatio: number; serverCpuMs: number; loadCpuMs: number }[];
      perSecond: number;
      bare: number;
      latency: { count: number; p50: number; p99: number; p999: number };
      memory: { now: number; most: number };
      bytesPerReading: number;
    }
    const few = ["--readings", "256", "--step", "128", "--devices", "2", "--latency-seconds", "0.5"];
    const measured = await figures<Ingest[]>("ingest", ...few, "--plot", directory);
    expect(measured.map(({ database }) => database)).to.deep.equal(["pglite", "postgres"]);
    if (process.env.CI === "true") expect(measured.map(({ absent }) => absent)).to.deep.equal([undefined, undefined]);
    for (const one of measured.filter(({ absent }) => absent === undefined)) {
      expect(one.steps.map(({ stored }) => stored)).to.deep.equal([0, 128]);
      for (const step of one.steps)
        for (const figure of [step.ratio, step.cpuRatio, step.serverCpuMs, step.loadCpuMs])
          expect(figure).to.be.above(0);
      expect(one.bare).to.be.above(one.perSecond);
      expect(one.latency.p50).to.be.within(0.1, one.latency.p99);
      expect(one.latency.p99).to.be.at.most(one.latency.p999);
      expect(one.memory.now).to.be.within(50e6, one.memory.most);
      // The signed bytes and the sealed ones, each once, with their indexes and half-filled pages.
      expect(one.bytesPerReading).to.be.within(2_000, 20_000);
    }
    const drawn = readFileSync(join(directory, "ingest.svg"), "utf8");
    expect(drawn).to.match(/^<svg [^]*>pglite<[^]*<polyline [^]*<\/svg>\n$/);
  });

  it("decide: the rule alone, and each through the door with a leaf, beside answers that decide nothing", async () => {
    interface Decide {
      rule: { perSecond: number; bare: number; ratio: number };
      door: { perSecond: number; bare: number; ratio: number; latency: { count: number; p50: number; p99: number } }[];
    }
    const { rule, door } = await figures<Decide>("decide", "--seconds", "1", "--readers", "8", "--database", "pglite");
    expect(rule.perSecond).to.be.above(rule.bare);
    expect(door).to.have.length(1);
    expect(door[0]?.bare).to.be.above(door[0]?.perSecond ?? Infinity);
    expect(door[0]?.latency.count).to.be.above(8);
    expect(door[0]?.latency.p50).to.be.within(0.1, door[0]?.latency.p99 ?? 0);
  });

  it("read: every hour is whole, with receipts too, and each receipt passes", async () => {
    interface Read {
      readings: number;
      plain: { count: number; p50: number; bytes: number };
      receipts: { count: number; p50: number; bytes: number };
      verify: { count: number; p50: number };
    }
    const few = ["--hours", "2", "--devices", "1", "--per-hour", "30", "--receipts", "40", "--database", "pglite"];
    const [measured] = await figures<[Read]>("read", ...few);
    // Five hours more are stored and read before those that count.
    expect(measured.readings).to.equal((5 + 2) * 30);
    expect([measured.plain.count, measured.receipts.count, measured.verify.count]).to.deep.equal([2, 2, 40]);
    expect(measured.plain.p50).to.be.above(0);
    expect(measured.receipts.bytes).to.be.above(measured.plain.bytes);
  });

  it("anchor: seals, proves, and checks what is stored", async () => {
    interface Anchor {
      sealMs: number;
      proofsPerSecond: number;
      checkedPerSecond: number;
      stored: { leaves: number; read: number; seal: number; contents: number; recompute: number }[];
    }
    const few = ["--leaves", "2000", "--stored", "500", "--rounds", "2", "--database", "pglite"];
    const measured = await figures<Anchor>("anchor", ...few);
    expect(measured.proofsPerSecond).to.be.above(measured.checkedPerSecond);
    const [stored] = measured.stored;
    expect(stored?.leaves).to.equal(500);
    for (const figure of [measured.sealMs, stored?.read, stored?.contents, stored?.recompute])
      expect(figure).to.be.above(0);
  });
});

describe("twinward bench", () => {
  it("explains itself, prints a table for people, and refuses what it does not know", async () => {
    for (const name of ["ingest", "read", "decide", "anchor", "detect"]) {
      const { code, out, err } = await program(name, "--help");
      expect([code, err], name).to.deep.equal([0, ""]);
      expect(out).to.include("--json");
    }
    const { out } = await bench(
      "anchor",
      "--leaves",
      "500",
      "--stored",
      "100",
      "--rounds",
      "1",
      "--database",
      "pglite",
    );
    expect(out).to.match(/^sealing 500 leaves, in memory +[\d.]+ ms\n/);
    for (const wrong of [["--leaves", "0"], ["--leaves", "x"], ["--database", "other"], ["more"]])
      expect((await program("anchor", ...wrong)).code, wrong.join(" ")).to.equal(2);
    expect((await bench("anchor", "--nonsense")).code).to.equal(2);
  });
});
