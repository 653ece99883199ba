import { expect } from "chai";
import type { HistoryReading } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import type { DecisionRecord } from "../../../protocol/record.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { describeOnPostgres } from "../../helpers/databases.ts";
import { until } from "../../helpers/journey.ts";
import { openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const GIVEN = { from: START - 10, until: START + 1000, segments: 0b1n, purposes: purposesMask(["care"]) };
const COMES_WITHIN_MS = 20_000;

describeOnPostgres("a live stream over two gateways of one database", (postgres) => {
  let one: FrontDoor;
  let other: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;
  const followed: Followed[] = [];

  beforeEach(async () => {
    one = await openFrontDoor(START, { place: { url: await postgres().createDatabase() } });
    other = await openFrontDoor(START, { beside: one });
    device = new WrittenDevice(one, named("steward", 20));
    twin = device.createTwin("care", 0b11n);
    device.grant(twin, one.reader.address, GIVEN);
  });
  afterEach(async () => {
    for (const each of followed.splice(0)) await each.end();
    // The world is the first one's.
    await other?.close();
    await one?.close();
  });

  /** The device sends its next readings to this gateway. */
  async function send(door: FrontDoor, count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const [answer] = await door.reader.client.postReadings([await device.read()]);
      expect(answer).to.have.property("format", "ack@1");
    }
  }
  const follow = async (door: FrontDoor, lastEvent?: string): Promise<Followed> => {
    const opened = await Followed.open(door, twin, lastEvent);
    followed.push(opened);
    return opened;
  };
  const sequencesOf = (events: readonly Event[]): number[] => events.map(({ reading }) => reading.sequence);
  const historyAt = async (door: FrontDoor): Promise<readonly HistoryReading[]> =>
    (await door.reader.client.history(twin)).readings;

  it("shows at one what the other accepted, in its order, as the history shows it", async () => {
    const stream = await follow(one);
    await stream.live();
    await send(other, 2);
    const first = await stream.readings(2);
    await send(one, 1);
    await send(other, 2);
    const events = [...first, ...(await stream.readings(3))];
    expect(sequencesOf(events)).to.deep.equal([1, 2, 3, 4, 5]);
    for (const door of [one, other]) expect(events.map(({ reading }) => reading)).to.deep.equal(await historyAt(door));
  });

  it("goes on at the other after the last event of the one: nothing twice, nothing left out", async () => {
    const before = await follow(one);
    await before.live();
    await send(other, 1);
    await send(one, 2);
    const had = await before.readings(3);
    await before.end();
    // While nobody is connected, both accept.
    await send(one, 1);
    await send(other, 2);

    const after = await follow(other, had.at(-1)?.id);
    const missed = await after.readings(3);
    expect(sequencesOf(missed)).to.deep.equal([4, 5, 6]);
    await after.live();
    await send(one, 1);
    const come = await after.readings(1);
    expect(sequencesOf(come)).to.deep.equal([7]);
    await after.end();
    expect([...had, ...missed, ...come].map(({ reading }) => reading)).to.deep.equal(await historyAt(one));

    // What each gateway sent is a leaf of the one stream, and either tells both.
    const closings = await until("both leases are closed", async () => {
      const { decisions } = await one.reader.client.decisions(twin);
      const closed = decisions.flatMap(({ record: { closes } }) => closes?.sequences ?? []);
      return decisions.filter(({ record }) => record.closes).length === 2 ? closed : undefined;
    });
    expect(closings).to.deep.equal([4, 7, 1, 3]);
    const rest = async (door: FrontDoor): Promise<DecisionRecord[]> =>
      (await door.reader.client.decisions(twin)).decisions.map(({ record }) => record).filter(({ lease }) => lease);
    expect(await rest(one)).to.deep.equal(await rest(other));
  });

  it("ends at the one when the grant does, whichever accepted last", async () => {
    const stream = await follow(one);
    await stream.live();
    await send(other, 1);
    await stream.readings(1);
    one.clock.ms = (GIVEN.until + 1) * 1000;
    one.chain.mine(2_000);
    expect(await stream.ending()).to.equal("GRANT_EXPIRED");
  });
});

interface Event {
  /** Of the event: what Last-Event-ID is. */
  readonly id: string;
  readonly reading: HistoryReading;
}

/** The events of one connection, as they come. */
class Followed {
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #stop: AbortController;

  private constructor(lines: AsyncIterator<string, undefined>, stop: AbortController) {
    this.#lines = lines;
    this.#stop = stop;
  }

  static async open(door: FrontDoor, twin: Hex, lastEvent: string | undefined): Promise<Followed> {
    const { token } = await door.reader.client.login();
    const stop = new AbortController();
    const headers = {
      authorization: `Bearer ${token}`,
      ...(lastEvent !== undefined && { "last-event-id": lastEvent }),
    };
    const response = await fetch(`${door.url}/v1/twins/${twin}/stream`, { headers, signal: stop.signal });
    expect(response.status).to.equal(200);
    return new Followed(blocksOf(response), stop);
  }

  async #next(name: string): Promise<Map<string, string>> {
    const late = setTimeout(() => this.#stop.abort(new Error(`no ${name} came`)), COMES_WITHIN_MS);
    try {
      for (;;) {
        const taken = await this.#lines.next();
        if (taken.done === true) throw new Error(`ended before ${name}`);
        const fields = new Map(
          taken.value
            .split("\n")
            .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
        );
        if (fields.get("event") === name) return fields;
      }
    } finally {
      clearTimeout(late);
    }
  }

  async live(): Promise<void> {
    await this.#next("live");
  }

  async readings(count: number): Promise<Event[]> {
    const events: Event[] = [];
    while (events.length < count) {
      const fields = await this.#next("reading");
      events.push({ id: fields.get("id") ?? "", reading: JSON.parse(fields.get("data") ?? "") as HistoryReading });
    }
    return events;
  }

  /** The code with which the server ends it. */
  async ending(): Promise<unknown> {
    const fields = await this.#next("end");
    return (JSON.parse(fields.get("data") ?? "") as { code?: unknown }).code;
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#lines.return?.();
  }
}

async function* blocksOf({ body }: Response): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of body as ReadableStream<Uint8Array>) {
      const blocks = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
      text = blocks.pop() ?? "";
      yield* blocks;
    }
  } catch (error) {
    // Ended by us.
    if (!(error instanceof DOMException)) throw error;
  }
}
