import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { createRandom } from "../../ml/random.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { registerBedside, wordOf } from "../helpers/bedside-device.ts";
import { Journey, until } from "../helpers/journey.ts";

const SEED = process.env.SEED ?? "21";
const KILLS = 6;
/** A start takes some seconds, the first of them for keys, chain and contracts. */
const WITHIN_MS = 2_500;

describe("journey: kill -9 while everything is made for the first time", function () {
  this.timeout(110_000);
  const journey = new Journey();
  const data = journey.path("data");
  after(() => journey.close());

  it("leaves what the next start finishes: one consortium, nothing deployed twice, nothing running", async () => {
    const random = createRandom(`first start ${SEED}`);
    let consortium: string | undefined;
    for (let n = 0; n < KILLS; n++) {
      const start = journey.start(["up", "--data", data, "--port", "0", "--json"]);
      // Not to wait for anything: to die anywhere on the way.
      await new Promise((resolve) => setTimeout(resolve, 400 + random.integer(WITHIN_MS)));
      start.kill("SIGKILL");
      await start.ended;
      const file = `${data}/consortium.json`;
      const found = existsSync(file) ? readFileSync(file, "utf8") : undefined;
      if (consortium !== undefined) expect(found, `kill ${n}, seed ${SEED}`).to.equal(consortium);
      consortium = found;
    }
    const server = await journey.up(data);
    if (consortium !== undefined) expect(readFileSync(`${data}/consortium.json`, "utf8")).to.equal(consortium);
    const [device] = await registerBedside(server, 1);
    if (!device) throw new Error("no device");
    expect((await server.client.postReadings([await device.next()])).map(wordOf)).to.deep.equal(["ack 1"]);
    await until("it is anchored", async () => (await readAnchors(server.client)).length > 0 || undefined);
    await auditPasses(journey, data);
    const { code, err } = await server.stop();
    expect([code, err]).to.deep.equal([0, ""]);
    await journey.nothingRuns();
  });
});
