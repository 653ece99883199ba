import { expect } from "chai";
import { Wallet } from "ethers";
import type { Hex } from "../../../protocol/bytes.ts";
import { purposesMask, type Purpose } from "../../../protocol/words.ts";
import { CONTINUES_SECONDS } from "../../../server/access/continuity.ts";
import { addressOf, codeOf, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";

const START = 1_790_000_000;
const ALL = 0b1111n;

describe("a chain that cannot be seen", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;

  beforeEach(async () => {
    door = await openFrontDoor(START);
    device = new WrittenDevice(door, addressOf(Wallet.createRandom()));
    twin = device.createTwin("ward", ALL);
    await door.reader.client.postReadings([await device.read()]);
  });
  afterEach(() => door.close());

  const give = (over: { from?: number; until?: number; purposes?: Purpose[]; on?: boolean } = {}): Hex => {
    const { from = START - 10, until = START + 2 * CONTINUES_SECONDS, purposes = ["care"], on = true } = over;
    const grant = device.grant(twin, door.reader.address, {
      from,
      until,
      segments: ALL,
      purposes: purposesMask(purposes),
    });
    if (on) door.chain.emit("GrantRegistry", "ContinuitySet", [grant, true]);
    return grant;
  };
  const read = (ask: object = {}): Promise<string> =>
    door.reader.client.history(twin, { purpose: "care", ...ask }).then(
      ({ readings }) => `${readings.length} readings`,
      (error: { code: string }) => error.code,
    );
  /** Nobody answers, and so long has passed since the last block. */
  const lose = (seconds: number): void => {
    door.chain.silent = true;
    door.clock.ms = (START + seconds) * 1000;
  };

  it("is honoured for by grants with continuity alone, for an hour", async () => {
    give({ on: false });
    lose(0);
    expect(await read()).to.equal("CHAIN_UNAVAILABLE");
    door.chain.silent = false;
    const grant = give();
    for (const seconds of [0, 60, CONTINUES_SECONDS]) {
      lose(seconds);
      expect(await read(), `${seconds} s`).to.equal("1 readings");
    }
    lose(CONTINUES_SECONDS + 1);
    expect(await read()).to.equal("CHAIN_UNAVAILABLE");
    door.chain.silent = false;
    const { decisions } = await door.clientOf(door.reader.wallet).decisions(twin);
    const blind = decisions.filter(({ record }) => record.notSeenSince !== undefined);
    expect(blind.map(({ record }) => [record.notSeenSince, record.because.grant])).to.deep.equal(
      Array.from({ length: 3 }, () => [START, grant]),
    );
  });

  it("opens nothing that was not open at the last block, or has ended since", async () => {
    give({ from: START + 5 });
    lose(10);
    expect(await read(), "not begun when it was last seen").to.equal("CHAIN_UNAVAILABLE");
    door.chain.silent = false;
    give({ until: START + 100 });
    lose(99);
    expect(await read()).to.equal("1 readings");
    lose(100);
    expect(await read(), "ended since").to.equal("CHAIN_UNAVAILABLE");
  });

  it("ends a stream with the grant, or with the hour, and not with the lease", async () => {
    for (const [until, over] of [
      [START + 100, 100],
      [START + 2 * CONTINUES_SECONDS, CONTINUES_SECONDS + 1],
    ] as const) {
      const grant = give({ until });
      lose(50);
      const stop = new AbortController();
      const stream = door.reader.client.stream(twin, { purpose: "care", grant, signal: stop.signal });
      const next = async (): Promise<string | undefined> => {
        const taken = await stream.next();
        if (taken.done === true) return undefined;
        return taken.value.type === "broken" ? taken.value.error.code : taken.value.type;
      };
      expect([await next(), await next()]).to.deep.equal(["lease", "live"]);
      lose(over);
      await door.reader.client.postReadings([await device.read()]);
      expect(await next()).to.equal("CHAIN_UNAVAILABLE");
      stop.abort();
      await stream.return(undefined);
      door.chain.silent = false;
      door.clock.ms = START * 1000;
    }
  });

  it("opens nothing that was revoked or taken back from continuity, and nothing for others or other purposes", async () => {
    const revoked = give();
    door.chain.emit("GrantRegistry", "Revoked", [revoked, door.reader.address]);
    const off = give();
    door.chain.emit("GrantRegistry", "ContinuitySet", [off, false]);
    lose(10);
    expect(await read()).to.equal("CHAIN_UNAVAILABLE");
    door.chain.silent = false;
    const on = give();
    lose(10);
    expect(await read({ grant: on })).to.equal("1 readings");
    expect(await read({ grant: off })).to.equal("CHAIN_UNAVAILABLE");
    expect(await read({ purpose: "audit" })).to.equal("CHAIN_UNAVAILABLE");
    const stranger = door.clientOf(Wallet.createRandom());
    expect(await codeOf(stranger.history(twin, { purpose: "care" }))).to.equal("CHAIN_UNAVAILABLE");
    expect(await codeOf(door.reader.client.explain({ twin, purpose: "care" }))).to.equal("CHAIN_UNAVAILABLE");
  });
});
