import { expect } from "chai";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { generate, parser, type IConnackPacket, type IPublishPacket, type Packet } from "mqtt-packet";
import { followBroker } from "../../../server/gateway/mqtt-broker.ts";
import { tellError } from "../../../server/main/log.ts";
import type { Gateway } from "../../../server/gateway/gateway.ts";
import { openLink, type BrokerLink, type LinkParts } from "../../../server/gateway/broker-link.ts";
import { until } from "../../helpers/journey.ts";

const VERSION = { protocolVersion: 5 };

/** A broker of the test's own words: it answers each packet as it is told, and remembers what came. */
class ScriptedBroker {
  readonly heard: Packet[] = [];
  sockets: Socket[] = [];
  connack: Partial<IConnackPacket> = {};
  granted = [1];
  /** Whether it acknowledges what we publish. */
  acknowledges = true;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on("error", () => undefined);
      const packets = parser(VERSION);
      packets.on("packet", (packet) => {
        this.heard.push(packet);
        if (packet.cmd === "connect")
          this.say({ cmd: "connack", reasonCode: 0, sessionPresent: false, ...this.connack });
        if (packet.cmd === "subscribe")
          this.say({ cmd: "suback", messageId: packet.messageId ?? 0, granted: this.granted });
        if (packet.cmd === "publish" && this.acknowledges) this.acknowledge(packet);
      });
      socket.on("data", (bytes) => packets.parse(bytes));
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  say(packet: Packet): void {
    this.sockets.at(-1)?.write(generate(packet, VERSION));
  }

  acknowledge({ messageId }: IPublishPacket): void {
    this.say({ cmd: "puback", messageId: messageId ?? 0, reasonCode: 0 });
  }

  publish(messageId: number, payload: string): void {
    this.say({ cmd: "publish", topic: "t", messageId, qos: 1, dup: false, retain: false, payload });
  }

  of<T extends Packet["cmd"]>(cmd: T): Extract<Packet, { cmd: T }>[] {
    return this.heard.filter((packet): packet is Extract<Packet, { cmd: T }> => packet.cmd === cmd);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("gateway: its link to a broker", () => {
  let broker: ScriptedBroker;
  let url: string;
  let link: BrokerLink | undefined;
  let troubles: string[];
  let taken: { text: string; done: () => void }[];

  beforeEach(async () => {
    broker = new ScriptedBroker();
    url = await broker.open();
    [troubles, taken] = [[], []];
  });
  afterEach(async () => {
    taken.forEach(({ done }) => done());
    await link?.close();
    await broker.close();
  });

  function open(over: Partial<LinkParts> = {}): BrokerLink {
    const made = openLink({
      url,
      clientId: "gateway-1",
      filters: ["$share/s/t"],
      packetLimit: 1_000,
      take: (_topic, payload) => new Promise((done) => taken.push({ text: payload.toString(), done })),
      report: (error) => troubles.push(error.message),
      ...over,
    });
    link = made;
    return made;
  }
  const pubacks = (): (number | undefined)[] => broker.of("puback").map(({ messageId }) => messageId);

  it("says who it is, how much it takes, and keeps no session", async () => {
    const user = new URL(url);
    user.username = "hospital";
    user.password = "p%40ss";
    await open({ url: user.href, window: 7 }).listening;
    const [hello] = broker.of("connect");
    expect(hello).to.include({ protocolVersion: 5, clean: true, clientId: "gateway-1", username: "hospital" });
    expect(hello?.password?.toString()).to.equal("p@ss");
    expect(hello?.properties).to.include({ receiveMaximum: 7, maximumPacketSize: 1_000, sessionExpiryInterval: 0 });
    expect(broker.of("subscribe")[0]?.subscriptions[0]).to.include({ topic: "$share/s/t", qos: 1 });
  });

  it("acknowledges a reading when it has been dealt with, and in the order of arrival", async () => {
    await open().listening;
    for (const id of [11, 12, 13]) broker.publish(id, `reading ${id}`);
    await until("all are taken side by side", async () => taken.length === 3 || undefined);
    expect(taken.map(({ text }) => text)).to.deep.equal(["reading 11", "reading 12", "reading 13"]);
    taken[2]?.done();
    taken[1]?.done();
    // A round trip: had it acknowledged one of them, that would have come before.
    link?.publish("a", Buffer.from("x"));
    await until("it is heard", async () => broker.of("publish").length > 0 || undefined);
    expect(pubacks()).to.deep.equal([]);
    taken[0]?.done();
    await until("all are acknowledged", async () => pubacks().length === 3 || undefined);
    expect(pubacks()).to.deep.equal([11, 12, 13]);
  });

  it("sends no more at once than the broker takes", async () => {
    broker.connack = { properties: { receiveMaximum: 2 } };
    broker.acknowledges = false;
    await open().listening;
    for (let n = 0; n < 5; n++) link?.publish("acks", Buffer.from(String(n)));
    for (let sent = 2; sent <= 5; sent++) {
      await until(`${sent} are heard`, async () => broker.of("publish").length === sent || undefined);
      const oldest = broker.of("publish")[sent - 2];
      if (oldest) broker.acknowledge(oldest);
    }
    const published = broker.of("publish");
    expect(published.map(({ payload }) => payload.toString())).to.deep.equal(["0", "1", "2", "3", "4"]);
    expect(new Set(published.map(({ messageId }) => messageId)).size).to.equal(5);
  });

  for (const [what, change, says] of [
    ["does not let it in", { connack: { reasonCode: 0x87 } }, /does not let us in, reason 0x87/],
    ["takes no QoS 1", { connack: { properties: { maximumQoS: 0 } } }, /takes no QoS 1/],
    ["does not let it hear", { granted: [0x87] }, /does not let us hear \$share\/s\/t with QoS 1/],
    ["grants less than QoS 1", { granted: [0] }, /does not let us hear/],
  ] as const) {
    it(`says so where the broker ${what}, and tries again`, async () => {
      Object.assign(broker, change);
      const made = open();
      await until("it has tried twice", async () => troubles.length >= 2 || undefined);
      for (const trouble of troubles) expect(trouble).to.match(says);
      expect(made.isListening()).to.equal(false);
      Object.assign(broker, { connack: {}, granted: [1] });
      await made.listening;
      expect(made.isListening()).to.equal(true);
    });
  }

  it("comes back after a cut, a goodbye and bytes that are no packet", async () => {
    await open().listening;
    for (const cut of [
      () => broker.sockets.at(-1)?.destroy(),
      () => broker.say({ cmd: "disconnect", reasonCode: 0x8b }),
      () => broker.sockets.at(-1)?.write(Buffer.from([0xf0, 0xff, 0xff, 0xff, 0xff, 0xff])),
    ]) {
      const before = broker.of("subscribe").length;
      cut();
      await until(
        "it listens again",
        async () => (broker.of("subscribe").length > before && link?.isListening()) || undefined,
      );
    }
    expect(troubles.length).to.be.greaterThan(2);
    expect(troubles.join()).to.contain("reason 0x8b");
  });

  it("answers what it has taken before it leaves, and says goodbye", async () => {
    await open().listening;
    broker.publish(21, "last");
    await until("it is taken", async () => taken.length === 1 || undefined);
    const closing = link?.close();
    taken[0]?.done();
    await closing;
    await until("the goodbye is heard", async () => broker.of("disconnect").length === 1 || undefined);
    expect(pubacks()).to.deep.equal([21]);
  });

  it("says in the log why the gateway has no place at the broker", async () => {
    broker.connack = { reasonCode: 0x87 };
    const told: object[] = [];
    const door = followBroker({
      gateway: { onAnswer: () => () => undefined } as unknown as Gateway,
      url,
      stream: `0x${"11".repeat(32)}`,
      clientId: "gateway",
      report: (error) => void told.push(tellError(error)),
    });
    try {
      const [first] = await until("it is told", async () => (told.length > 0 ? told : undefined));
      expect(first).to.include({ code: "BROKER_UNREACHABLE" });
      expect(JSON.stringify(first)).to.contain("does not let us in, reason 0x87");
    } finally {
      await door.close();
    }
  });
});
