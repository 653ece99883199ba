import { expect } from "chai";
import { ERRORS, type ErrorCode } from "../../protocol/errors.ts";
import { startBareAnvil, type BareAnvil } from "../faults/bare-anvil.ts";
import { HONEST, startFaultyNode, type FaultyNode } from "../faults/faulty-node.ts";
import { admitted, allDoors, everyDoor, type Admitted } from "../helpers/every-door.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { rpc } from "../server/chain/ask.ts";

/** Seconds after which a chain that makes no block is not believed any more. */
const STALE_AFTER = 8;

describe("journey: a chain that cannot be reached, and one that stands still, at every door", function () {
  this.timeout(180_000);
  const journey = new Journey();
  let anvil: BareAnvil;
  let node: FaultyNode;
  let server: Server;
  let reader: Admitted;
  /** Whose grant is honoured for an hour after the last block that was seen. */
  let trusted: Admitted;

  before(async () => {
    anvil = await startBareAnvil();
    await rpc(anvil.url, "evm_setIntervalMining", 1);
    node = await startFaultyNode(anvil.url);
    server = await journey.up(journey.path("data"), { RPC_URL: node.url, RPC_BLOCK_AGE_SECONDS: String(STALE_AFTER) });
    const reached = { ...server, rpc: node.url };
    [reader, trusted] = [await admitted(journey, reached), await admitted(journey, reached)];
    await journey.ask(["grant", "continuity", trusted.grant, "--data", server.data, "--url", server.http]);
  });
  after(async () => {
    await journey.close();
    await node.close();
    await anvil.close();
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

  for (const [what, code, stop, goOn] of [
    [
      "cannot be reached",
      "CHAIN_UNAVAILABLE",
      async () => void (node.behaviour = async () => "cut"),
      async () => void (node.behaviour = HONEST),
    ],
    [
      "stands still",
      "CHAIN_STALE",
      () => rpc(anvil.url, "evm_setIntervalMining", 0),
      () => rpc(anvil.url, "evm_setIntervalMining", 1),
    ],
  ] as const) {
    it(`closes every door with 503 while it ${what}, but to a grant with continuity, and opens them again`, async () => {
      expect(ERRORS[code satisfies ErrorCode].status).to.equal(503);
      await stop();
      await allSay(code);
      expect(await everyDoor(trusted)).to.deep.equal(allDoors("data"));
      await goOn();
      await allSay("data");
    });
  }
});
