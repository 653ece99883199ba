import { expect } from "chai";
import { existsSync, writeFileSync } from "node:fs";
import { Journey, until } from "../helpers/journey.ts";
import { pumpRows } from "../helpers/pump-rows.ts";
import { readKept } from "../helpers/read-kept.ts";

const LONG = 400_000;

describe("detect train with every detector, killed again and again", function () {
  this.timeout(3 * LONG);
  const journey = new Journey();
  after(() => journey.close());
  const partial = journey.path("killed.partial");
  const words = (model: string): string[] =>
    ["detect", "train", "--data", journey.path("rows.csv"), "--time", "at", "--label", "attack"].concat(
      ["--kinds", "attack", "--model", journey.path(model), "--json"], // prettier-ignore
    );

  it("gives the model of one that ran through", async () => {
    writeFileSync(journey.path("rows.csv"), pumpRows({ rows: 700, seed: "auto" }));
    const kills: [what: string, isDue: (kept: ReturnType<typeof readKept>) => boolean][] = [
      ["before anything is kept", () => existsSync(partial)],
      ["when a network has a first checkpoint", ({ networks }) => networks.length > 0],
      ["when a detector has learned", ({ learned }) => learned.length > 0],
      ["when another one has", ({ learned }) => learned.length > 1],
      ["amid more networks", ({ networks }) => networks.length > 12],
      ["when three have", ({ learned }) => learned.length > 2],
    ];
    for (const [what, isDue] of kills) {
      const training = journey.start(words("killed"));
      await until(
        what,
        async () => {
          if (!training.running()) throw new Error(`It has ended: ${JSON.stringify(await training.ended)}`);
          return isDue(readKept(partial)) || undefined;
        },
        LONG,
      );
      training.kill("SIGKILL");
      expect((await training.ended).signal, what).to.equal("SIGKILL");
      expect(existsSync(journey.path("killed")), what).to.equal(false);
    }
    const { learned } = readKept(partial);
    const going = journey.start(words("killed"));
    const through = journey.start(words("through"));
    const [ended, whole] = [await going.ended, await through.ended];
    expect(ended.err).to.contain(`Goes on with ${partial}: `);
    for (const name of learned) expect(ended.err).to.contain(`${name.split(".")[0]} has learned`);
    expect((JSON.parse(ended.out) as { hash: string }).hash).to.equal((JSON.parse(whole.out) as { hash: string }).hash);
    expect(existsSync(partial)).to.equal(false);
  });
});
