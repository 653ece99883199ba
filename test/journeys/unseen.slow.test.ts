import { expect } from "chai";
import { ERRORS } from "../../protocol/errors.ts";
import { startStoppableChain, STOPS, type StoppableChain } from "../faults/stoppable-chain.ts";
import { admitted, allDoors, everyDoor, type Admitted } from "../helpers/every-door.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

/** Seconds after which a chain that makes no block is not believed any more. */
const STALE_AFTER = 8;

describe("journey: a chain that cannot be reached, and one that stands still, at every door", function () {
  this.timeout(180_000);
  const journey = new Journey();
  let chain: StoppableChain;
  let server: Server;
  let reader: Admitted;
  /** Whose grant is honoured for an hour after the last block that was seen. */
  let trusted: Admitted;

  before(async () => {
    chain = await startStoppableChain();
    server = await journey.up(journey.path("data"), { RPC_URL: chain.url, RPC_BLOCK_AGE_SECONDS: String(STALE_AFTER) });
    const reached = { ...server, rpc: chain.url };
    [reader, trusted] = [await admitted(journey, reached), await admitted(journey, reached)];
    await journey.ask(["grant", "continuity", trusted.grant, "--data", server.data, "--url", server.http]);
  });
  after(async () => {
    await journey.close();
    await chain.close();
  });

  const allSay = (code: string): Promise<true> =>
    until(
      `every door says ${code}`,
      async () => Object.values(await everyDoor(reader)).every((told) => told === code) || undefined,
      60_000,
      () => code,
    );

  it("opens every door while the chain goes on", async () => {
    await allSay("data");
  });

  for (const { what, code, stop, goOn } of STOPS) {
    it(`closes every door with 503 while it ${what}, but to a grant with continuity, and opens them again`, async () => {
      expect(ERRORS[code].status).to.equal(503);
      await stop(chain);
      await allSay(code);
      expect(await everyDoor(trusted)).to.deep.equal(allDoors("data"));
      await goOn(chain);
      await allSay("data");
    });
  }
});
