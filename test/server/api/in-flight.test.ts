import { expect } from "chai";
import { oneInFlight } from "../../../server/api/in-flight.ts";
import { readyParts, sharedChecks } from "../../../server/api/ready-parts.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { Meters } from "../../../server/main/metrics/meters.ts";

describe("a part that is asked after by many", () => {
  it("is asked once at a time, and again afterwards", async () => {
    const answers: ((n: number) => void)[] = [];
    const ask = oneInFlight(() => new Promise<number>((resolve) => answers.push(resolve)));
    const [one, two] = [ask(), ask()];
    expect(answers).to.have.length(1);
    answers[0]?.(7);
    expect(await Promise.all([one, two])).to.deep.equal([7, 7]);
    const next = ask();
    expect(answers).to.have.length(2);
    answers[1]?.(8);
    expect(await next).to.equal(8);
  });

  it("fails for all who ask meanwhile, and not for who asks later", async () => {
    let asked = 0;
    const ask = oneInFlight(async () => {
      if (++asked === 1) throw new TwinwardError("DATABASE_UNAVAILABLE");
      return asked;
    });
    const both = await Promise.allSettled([ask(), ask()]);
    expect(both.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    expect(await ask()).to.equal(2);
  });

  it("is one question for however many ask /readyz and /metrics while it does not answer", async () => {
    let [asked, read] = [0, 0];
    let answer = (): void => undefined;
    const slow = new Promise<void>((resolve) => (answer = resolve));
    const checks = sharedChecks({ database: () => (asked++, slow), disk: async () => undefined });
    const meters = new Meters();
    meters.gauge("slow", "Slow.", async () => (read++, await slow, 1));
    const parts = await Promise.all(Array.from({ length: 20 }, () => readyParts(checks, 5)));
    expect(new Set(parts.map((each) => JSON.stringify(each)))).to.deep.equal(
      new Set([JSON.stringify({ database: "CHECK_EXPIRED", disk: "ok" })]),
    );
    const texts = [meters.text(), meters.text(), meters.text()];
    expect([asked, read]).to.deep.equal([1, 1]);
    answer();
    for (const text of await Promise.all(texts)) expect(text).to.contain("\nslow 1\n");
    await slow;
    expect(await readyParts(checks)).to.deep.equal({ database: "ok", disk: "ok" });
    expect(asked).to.equal(2);
  });
});
