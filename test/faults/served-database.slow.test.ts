// PostgreSQL dies under a whole server, while a device sends and readers read; after each time, the audit.
import { expect } from "chai";
import { describeOnPostgres } from "../helpers/databases.ts";
import { ServedChain } from "./served-chain.ts";

const CRASHES = 5;

describeOnPostgres("faults: the PostgreSQL of a whole server that goes on taking readings", function (postgres) {
  const world = new ServedChain();
  before(async function () {
    this.timeout(240_000);
    await world.open(1, { DATABASE_URL: await postgres().createDatabase() });
  });
  after(() => world.close());
  /** The server is the same process as before. */
  const lives = async (fault: () => Promise<unknown>): Promise<void> => {
    const { pid } = world.server;
    await world.survives(fault);
    expect([world.server.running(), world.server.pid]).to.deep.equal([true, pid]);
  };
  const isMissed = async (): Promise<void> => {
    await world.traffic.hears("device", "DATABASE_UNAVAILABLE");
    await world.traffic.hears("reader", "DATABASE_UNAVAILABLE");
  };

  for (const [how, signal] of [
    ["dies", "SIGQUIT"],
    ["is shut down", "SIGINT"],
  ] as const) {
    it(`it ${how}, is missed for a while, and comes back`, async function () {
      this.timeout(300_000);
      await lives(async () => {
        await postgres().stop(signal);
        await isMissed();
        expect(await world.auditNow()).to.equal("DATABASE_UNAVAILABLE");
        await postgres().start();
      });
    });
  }

  it(`it dies ${CRASHES} times and is back at once, each time when more was acked`, async function () {
    this.timeout(300_000);
    await lives(async () => {
      for (let n = 0; n < CRASHES; n++) {
        world.traffic.forget();
        await world.traffic.hears("device", "ack", 1 + n);
        await postgres().stop("SIGQUIT");
        await postgres().start();
      }
    });
  });

  it("it dies while the chain takes back what was anchored", async function () {
    this.timeout(300_000);
    await lives(async () => {
      const blocks = await world.anchorsIn(4);
      await postgres().stop("SIGQUIT");
      await isMissed();
      await world.make("anvil_reorg", blocks.length, []);
      await world.setClock();
      await world.mineEverySecond();
      await postgres().start();
    });
  });

  it("ends in order, and its directory is audited", async function () {
    this.timeout(300_000);
    await world.isWholeStopped();
  });
});
