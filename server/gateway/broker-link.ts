import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { generate, parser, type IConnackPacket, type IPublishPacket, type Packet } from "mqtt-packet";

export interface LinkParts {
  /** mqtts://host[:port], or mqtt:// on loopback; a user and a password in it are shown to the broker. */
  readonly url: string;
  /** PEM: what we show, and who must have issued the broker's certificate. */
  readonly tls?: { readonly cert?: string; readonly key?: string; readonly ca?: string } | undefined;
  readonly clientId: string;
  /** Heard with QoS 1; every one of them must be granted. */
  readonly filters: readonly string[];
  /** Bytes of the largest packet that we take. */
  readonly packetLimit: number;
  /** Messages of the broker that may be on our side at once (default 512). */
  readonly window?: number;
  /** The broker is told that it need not send a message again once this has resolved; it must not reject. */
  readonly take: (topic: string, payload: Buffer) => Promise<void>;
  /** Told of every connection that could not be made or was lost. It is made again. */
  readonly report?: (error: Error) => void;
}

/** A connection to a broker that is made again whenever it is lost. */
export interface BrokerLink {
  /** Resolves once everything is heard for the first time. */
  readonly listening: Promise<void>;
  readonly isListening: () => boolean;
  /** With QoS 1. What waits when the connection is lost is dropped: whoever misses an answer asks again. */
  publish(topic: string, payload: Buffer): void;
  close(): Promise<void>;
}

const KEEPALIVE_SECONDS = 20;
const CONNECT_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** Answers that wait for the broker's window; more than this many are those of a broker that hangs. */
const MOST_WAITING = 10_000;
const VERSION = { protocolVersion: 5 };

/** Keeps one MQTT 5 session at a time, none outliving its connection. */
export function openLink(parts: LinkParts): BrokerLink {
  const listening = Promise.withResolvers<void>();
  const over = new AbortController();
  let session: Session | undefined;

  async function keep(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !over.signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      session = new Session(parts, () => {
        pause = FIRST_PAUSE_MS;
        listening.resolve();
      });
      const reason = await session.ended;
      if (over.signal.aborted) return;
      parts.report?.(reason);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        over.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      });
    }
  }
  const kept = keep();

  return {
    listening: listening.promise,
    isListening: () => session?.isListening ?? false,
    publish: (topic, payload) => session?.publish(topic, payload),
    close: async () => {
      over.abort();
      await session?.leave();
      await kept;
    },
  };
}

/** One connection, from its first byte to its last. */
class Session {
  readonly ended: Promise<Error>;
  isListening = false;
  readonly #parts: LinkParts;
  readonly #socket: Socket;
  readonly #listens: () => void;
  readonly #end: (reason: Error) => void;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Our publishes: how many the broker takes at once, ids on their way, and those that wait. */
  #window = 65_535;
  readonly #sent = new Set<number>();
  readonly #waiting: { topic: string; payload: Buffer }[] = [];
  #lastId = 1;
  /** What the broker sent is acknowledged in the order in which it came (MQTT 5, section 4.6). */
  #line: Promise<void> = Promise.resolve();
  #taking = 0;
  #heardAt = performance.now();

  constructor(parts: LinkParts, listens: () => void) {
    this.#parts = parts;
    this.#listens = listens;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.#end = resolve;
    this.ended = promise.then((reason) => {
      this.isListening = false;
      this.#timers.forEach(clearInterval);
      this.#socket.destroy();
      return reason;
    });
    const { hostname, port, protocol } = new URL(parts.url);
    const host = hostname.replace(/^\[|\]$/g, "");
    this.#socket =
      protocol === "mqtts:"
        ? connectTls({
            ...parts.tls,
            host,
            port: Number(port || 8883),
            servername: /^[\d.]+$|:/.test(host) ? "" : host,
          })
        : connectPlain({ host, port: Number(port || 1883) });
    this.#socket.setNoDelay(true);
    this.#socket.once(protocol === "mqtts:" ? "secureConnect" : "connect", () => this.#greet());
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("The broker ended the connection.")));
    const packets = parser(VERSION);
    packets.on("packet", (packet) => this.#hear(packet));
    packets.on("error", (error: Error) => this.#end(error));
    this.#socket.on("data", (bytes) => {
      this.#heardAt = performance.now();
      packets.parse(bytes);
    });
    this.#timers.push(
      setTimeout(() => {
        if (!this.isListening) this.#end(new Error(`The broker did not let us in within ${CONNECT_WITHIN_MS} ms.`));
      }, CONNECT_WITHIN_MS),
    );
  }

  publish(topic: string, payload: Buffer): void {
    if (!this.isListening) return;
    this.#waiting.push({ topic, payload });
    if (this.#waiting.length > MOST_WAITING) this.#end(new Error("The broker takes no more answers."));
    this.#sendWaiting();
  }

  /** Says goodbye once what was taken has been answered. */
  async leave(): Promise<void> {
    await Promise.race([this.#line, this.ended]);
    if (this.isListening) {
      this.#write({ cmd: "disconnect", reasonCode: 0 });
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#socket.end(resolve);
      await Promise.race([promise, this.ended]);
    }
    this.#end(new Error("closed"));
    await this.ended;
  }

  #greet(): void {
    const { url, clientId, packetLimit, window = 512 } = this.#parts;
    const { username, password } = new URL(url);
    this.#write({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 5,
      clean: true,
      clientId,
      keepalive: KEEPALIVE_SECONDS,
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: Buffer.from(decodeURIComponent(password)) }),
      properties: { sessionExpiryInterval: 0, receiveMaximum: window, maximumPacketSize: packetLimit },
    });
  }

  #hear(packet: Packet): void {
    if (packet.cmd === "connack") this.#enter(packet);
    else if (packet.cmd === "suback") this.#begin(packet.granted as number[]);
    else if (packet.cmd === "publish") this.#take(packet);
    else if (packet.cmd === "puback") {
      // Also where nobody listens (reason 0x10): a device that is away asks again when it is back.
      this.#sent.delete(packet.messageId ?? 0);
      this.#sendWaiting();
    } else if (packet.cmd === "disconnect")
      this.#end(new Error(`The broker ended the session, reason 0x${(packet.reasonCode ?? 0).toString(16)}.`));
  }

  #enter({ reasonCode = 0, properties }: IConnackPacket): void {
    if (reasonCode !== 0)
      return this.#end(new Error(`The broker does not let us in, reason 0x${reasonCode.toString(16)}.`));
    if (properties?.maximumQoS !== undefined)
      return this.#end(new Error(`The broker takes no QoS 1, only ${properties.maximumQoS}.`));
    this.#window = Math.min(this.#window, properties?.receiveMaximum ?? this.#window);
    const seconds = properties?.serverKeepAlive ?? KEEPALIVE_SECONDS;
    const timer = setInterval(() => {
      if (performance.now() - this.#heardAt > 1_500 * seconds) this.#end(new Error("The broker is silent."));
      else this.#write({ cmd: "pingreq" });
    }, 500 * seconds);
    this.#timers.push(timer);
    const subscriptions = this.#parts.filters.map((topic) => ({
      topic,
      qos: 1 as const,
      nl: false,
      rap: false,
      rh: 2,
    }));
    this.#write({ cmd: "subscribe", messageId: 1, subscriptions });
  }

  #begin(granted: readonly number[]): void {
    const refused = this.#parts.filters.find((_, i) => granted[i] !== 1);
    if (refused !== undefined) return this.#end(new Error(`The broker does not let us hear ${refused} with QoS 1.`));
    this.isListening = true;
    this.#listens();
  }

  #take({ topic, payload, qos, messageId }: IPublishPacket): void {
    // A broker that keeps no count of what it sends would fill our memory.
    if (++this.#taking > 2 * (this.#parts.window ?? 512)) this.#socket.pause();
    const taken = this.#parts.take(topic, Buffer.from(payload)).finally(() => {
      this.#taking--;
      this.#socket.resume();
    });
    this.#line = this.#line.then(async () => {
      await taken;
      if (qos === 1 && messageId !== undefined) this.#write({ cmd: "puback", messageId, reasonCode: 0 });
    });
  }

  #sendWaiting(): void {
    while (this.#sent.size < this.#window && this.#waiting.length > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const messageId = this.#nextId();
      this.#sent.add(messageId);
      this.#write({ cmd: "publish", messageId, qos: 1, dup: false, retain: false, ...next });
    }
  }

  /** 1 is the subscription's. */
  #nextId(): number {
    do this.#lastId = this.#lastId >= 65_535 ? 2 : this.#lastId + 1;
    while (this.#sent.has(this.#lastId));
    return this.#lastId;
  }

  #write(packet: Packet): void {
    if (!this.#socket.destroyed) this.#socket.write(generate(packet, VERSION));
  }
}
