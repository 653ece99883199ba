import { expect } from "chai";
import { spawnSync } from "node:child_process";
import type { JudgeSpeed } from "../../scripts/bench/parts/judge-speed.ts";
import { describeAttack, MEASURED_ATTACKS } from "../../lab/measure.ts";

describe("scripts/bench/detect.ts", () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ["scripts/bench/detect.ts", ...words], { encoding: "utf8" });
  const few = ["--people", "4", "--clean-people", "2", "--hours", "0.1"];

  it("measures each attack that lab/README.md reports, on as many people as it is told", () => {
    const { status, stdout } = run(...few, "--json");
    expect(status).to.equal(0);
    const figures = JSON.parse(stdout) as {
      clean: { bodies: number; windows: number };
      attacks: { attack: string; standing: Record<string, number>; onset: Record<string, number> }[];
    };
    expect(figures.clean).to.include({ bodies: 2, windows: 72 });
    expect(figures.attacks.map(({ attack }) => attack)).to.deep.equal(MEASURED_ATTACKS.map(describeAttack));
    for (const { standing, onset } of figures.attacks) expect([standing.bodies, onset.bodies]).to.deep.equal([4, 4]);
    // The largest attack is found and the smallest is not: the columns are not mixed up.
    const of = (name: string) => figures.attacks.find(({ attack }) => attack === name)!;
    expect(of("heart +50").onset.withinMinute).to.equal(4);
    expect(of("heart +10").standing.quarantined).to.equal(0);
  });

  it("prints a table of them", () => {
    const { status, stdout } = run(...few);
    expect(status).to.equal(0);
    for (const shape of MEASURED_ATTACKS) expect(stdout).to.include(`\n${describeAttack(shape)}  `);
  });

  it("measures how fast a hybrid judges, and what memory it takes", () => {
    const { status, stdout } = run("--speed", "--seconds", "0.1", "--json");
    expect(status).to.equal(0);
    const speed = JSON.parse(stdout) as JudgeSpeed;
    expect(speed.engine).to.contain("onnxruntime");
    // The aims are 0.2 ms and 10 000 a second; a machine that does much else is slower, but not ten times.
    expect(speed.windowMs).to.be.within(0.001, 2);
    expect(speed.windowsPerSecond).to.be.greaterThan(1_000);
    expect(speed.memory.open).to.be.within(speed.memory.bare, 1_000);
  });

  it("says what it takes, and refuses what it does not know", () => {
    expect(run("--help")).to.include({ status: 0, stderr: "" });
    for (const words of [["--nonsense"], ["--people", "0"], ["--hours", "x"], ["more"]])
      expect(run(...words).status, words.join(" ")).to.equal(2);
  });
});
