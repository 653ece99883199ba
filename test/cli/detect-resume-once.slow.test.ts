import { expect } from "chai";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Journey, until, type Going } from "../helpers/journey.ts";
import { pumpRows } from "../helpers/pump-rows.ts";
import { readKept } from "../helpers/read-kept.ts";

const LONG = 60_000;

describe("a detect train that is killed", () => {
  const journey = new Journey();
  after(() => journey.close());
  const words = (model: string): string[] =>
    ["detect", "train", "--data", journey.path("rows.csv"), "--time", "at", "--label", "attack"].concat(
      ["--detector", "mas", "--model", journey.path(model), "--json"], // prettier-ignore
    );
  const partial = journey.path("killed.partial");
  const hashOf = (out: string): string => (JSON.parse(out) as { hash: string }).hash;

  it("amid a network's epochs and begun again gives the model of one that ran through", async () => {
    writeFileSync(journey.path("rows.csv"), pumpRows({ rows: 450, seed: "killed" }));
    const through = journey.run(words("through"));
    const killed = journey.start(words("killed"));
    // Two epochs are never all: who is patient for two more has to see those.
    const isAmid = (): boolean => {
      const { networks } = readKept(partial);
      return networks.length >= 2 && networks.at(-1)!.epoch <= 2;
    };
    await standAt(killed, isAmid);
    const second = await journey.run(words("killed"));
    expect(second.code).to.equal(1);
    expect(JSON.parse(second.out)).to.include({ error: "DATA_LOCKED" });
    killed.kill("SIGKILL");
    expect((await killed.ended).signal).to.equal("SIGKILL");
    const { networks: left } = readKept(partial);
    expect(left.at(-1)!.epoch).to.be.at.most(2);
    expect(existsSync(journey.path("killed"))).to.equal(false);

    const again = journey.start(words("killed"));
    const later = await until(
      "another network is trained",
      async () => {
        const { networks } = readKept(partial);
        return networks.length > left.length ? networks : undefined;
      },
      LONG,
    );
    const ended = await again.ended;
    expect(ended.err).to.equal(`Goes on with ${partial}: ${left.length} networks.\n`);
    const found = new Map(later.map((network) => [network.name, network]));
    for (const network of left.slice(0, -1))
      expect(found.get(network.name), "not trained again").to.deep.equal(network);
    expect(found.get(left.at(-1)!.name)!.epoch, "gone on with").to.be.greaterThan(left.at(-1)!.epoch);

    const whole = await through;
    expect(whole.err).to.equal("");
    expect(hashOf(ended.out)).to.equal(hashOf(whole.out));
    for (const file of readdirSync(journey.path("through")))
      expect(readFileSync(journey.path("killed", file)).equals(readFileSync(journey.path("through", file)))).to.equal(
        true,
      );
    expect(existsSync(partial)).to.equal(false);
    expect(existsSync(journey.path("through.partial"))).to.equal(false);
  });

  /** Looks every millisecond, because epochs are short, until it is so while the process stands still, as it then does. */
  async function standAt(process: Going, isThere: () => boolean): Promise<void> {
    for (const deadline = Date.now() + LONG; Date.now() < deadline; await setTimeout(1)) {
      if (!process.running()) throw new Error(`It has ended: ${JSON.stringify(await process.ended)}`);
      if (!isThere()) continue;
      process.kill("SIGSTOP");
      if (isThere()) return;
      process.kill("SIGCONT");
    }
    throw new Error("It never stood where it should.");
  }
});
