import { Aedes, type Client, type PublishPacket } from "aedes";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from "node:tls";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import { toRefusal } from "../../protocol/refusal.ts";
import type { Chain } from "../chain/view.ts";
import type { Answer, Gateway } from "./gateway.ts";
import { PacketGuard, type Violation } from "./packet-guard.ts";
import { verifySignIn } from "./sign-in.ts";
import { answerReading, PACKET_LIMIT, readTopic, topicOf, type TopicEnd } from "./topics.ts";

export interface MqttParts {
  readonly gateway: Gateway;
  readonly chain: Pick<Chain, "view" | "consortium">;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** PEM; without it plain text is spoken. With `ca` a device must show a certificate of that authority, in its own id. */
  readonly tls?: { readonly cert?: string; readonly key?: string; readonly ca?: string } | undefined;
  /** Milliseconds. */
  readonly now: () => number;
  /** Connections at once (default 4 096), and of one device (default 4; then the oldest is ended). */
  readonly maxConnections?: number;
  readonly maxPerDevice?: number;
  /** Told of each attempt to publish or hear what is another's. */
  readonly refused?: (code: ErrorCode) => void;
  readonly report?: (error: unknown) => void;
}

export interface MqttDoor {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const CONNECT_WITHIN_MS = 10_000;
const BAD_PASSWORD = 4;

interface SignedIn {
  readonly device: Hex;
  /** Topics of its own that it listens to. */
  readonly topics: Set<string>;
}

/**
 * The embedded broker. A device signs in with its id and a token of its own key, publishes its own readings and results and
 * subscribes to its own acks and commands; there is nothing else here. Nothing is retained, no session outlives its
 * connection, and what a device publishes is passed to nobody.
 */
export async function openMqtt(parts: MqttParts): Promise<MqttDoor> {
  const { gateway, chain, now } = parts;
  const { chainId, contracts } = chain.consortium;
  const audience = `${chainId}:${contracts.DeviceRegistry}`;
  const clients = new Map<Client, SignedIn>();
  /** Whose certificate a connection showed, where certificates are asked for. */
  const certified = new WeakMap<Client, string>();
  let connections = 0;

  const broker = await Aedes.createBroker({
    connectTimeout: CONNECT_WITHIN_MS,
    drainTimeout: CONNECT_WITHIN_MS,
    maxTopicLevels: 8,
    maxInflightInbound: 1,
    preConnect: (_client, packet, done) => {
      // A will is a message sent when nobody can be asked any more; a kept session grows while its device is away.
      packet.clean = true;
      done(packet.will ? new Error("a will is not accepted") : null, packet.will === undefined);
    },
    authenticate: (client, username, password, done) => {
      try {
        const device = signIn(username ?? "", password?.toString("latin1") ?? "");
        if (parts.tls?.ca !== undefined && certified.get(client) !== device) throw new TwinwardError("SESSION_INVALID");
        // Client ids live in the device's own name: nobody can push another one out by taking its id.
        Object.assign(client, { id: `${device}:${++connections}:${client.id}` });
        clients.set(client, { device, topics: new Set() });
        done(null, true);
      } catch (error) {
        if (!(error instanceof TwinwardError)) parts.report?.(error);
        done(Object.assign(new Error("sign-in refused"), { returnCode: BAD_PASSWORD }), null);
      }
    },
    authorizePublish: (client, packet, done) => {
      void receive(client, packet)
        .catch((error: unknown) => parts.report?.(error))
        .finally(() => {
          // It has been dealt with: what the broker passes on from here is an empty message that nobody can hear.
          Object.assign(packet, { topic: "twinward/v1/received", payload: Buffer.alloc(0), retain: false });
          done(null);
        });
    },
    authorizeSubscribe: (client, subscription, done) => {
      const signedIn = clients.get(client);
      const own = signedIn && ownTopic(signedIn.device, subscription.topic);
      if (!signedIn || (own !== "acks" && own !== "commands")) {
        if (signedIn) refuseTopic(signedIn.device, subscription.topic);
        // SUBACK 0x80: the subscription failed, the connection stays.
        done(null, null);
        return;
      }
      signedIn.topics.add(subscription.topic);
      done(null, subscription);
    },
  });

  function signIn(username: string, password: string): Hex {
    const device = chain.view().device(username as Hex);
    if (!device) throw new TwinwardError("DEVICE_UNKNOWN");
    verifySignIn(password, device, audience, Math.floor(now() / 1000));
    // Connections that died without a word must not lock their device out: the oldest gives way.
    const open = [...clients].filter(([, other]) => other.device === device.id);
    for (const [oldest] of open.slice(0, Math.max(0, open.length + 1 - (parts.maxPerDevice ?? 4)))) {
      clients.delete(oldest);
      oldest.close();
    }
    return device.id;
  }

  /** Resolves when the message is dealt with: the PUBACK follows, and only then is more of this device read. */
  async function receive(client: Client | null, packet: PublishPacket): Promise<void> {
    const device = client && clients.get(client)?.device;
    if (!device) return;
    const own = ownTopic(device, packet.topic);
    if (own === "readings") {
      answer(device, await answerReading(gateway, device, Buffer.from(packet.payload), parts.report));
    } else if (own !== "results") {
      refuseTopic(device, packet.topic);
    }
    // Results belong to commands; while no door carries commands there is none to match.
  }

  function refuseTopic(device: Hex, topic: string): void {
    parts.refused?.("TOPIC_NOT_YOURS");
    answer(device, toRefusal(new TwinwardError("TOPIC_NOT_YOURS", { topic: topic.slice(0, 200) })));
  }

  /** To every connection of the device that listens. A lost ack is no loss: the same bytes get it again. */
  function answer(device: Hex, message: Answer): void {
    const topic = topicOf(device, "acks");
    const payload = Buffer.from(JSON.stringify(message));
    for (const [client, signedIn] of clients) {
      if (signedIn.device !== device || !signedIn.topics.has(topic) || client.closed) continue;
      client.publish({ cmd: "publish", topic, payload, qos: 1, retain: false, dup: false }, () => undefined);
    }
  }

  function violated(client: Client, violation: Violation): void {
    const signedIn = clients.get(client);
    const code = violation === "packet too large" ? "READING_TOO_LARGE" : "MALFORMED_REQUEST";
    if (signedIn) answer(signedIn.device, toRefusal(new TwinwardError(code, { detail: `${violation}.` })));
    // The refusal goes out first.
    setTimeout(() => client.close(), 100);
  }

  const stopTelling = gateway.onAnswer(answer);
  broker.on("clientDisconnect", (client) => clients.delete(client));
  broker.on("unsubscribe", (topics, client) => topics.forEach((topic) => clients.get(client)?.topics.delete(topic)));
  // A broken connection is its peer's affair.
  broker.on("clientError", (client) => clients.delete(client));
  broker.on("connectionError", (client) => clients.delete(client));

  const sockets = new Set<Socket>();
  const enter = (socket: Socket): void => {
    socket.setNoDelay(true);
    const guard = new PacketGuard(socket, PACKET_LIMIT, (violation) => violated(client, violation));
    const client = broker.handle(guard);
    if (socket instanceof TLSSocket && socket.authorized) certified.set(client, nameOf(socket));
  };
  const server = parts.tls === undefined ? createServer(enter) : createTlsServer(tlsOptions(parts.tls), enter);
  // Every socket, also one that is still shaking hands.
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.maxConnections = parts.maxConnections ?? 4_096;
  const end = (): Promise<void> => {
    stopTelling();
    return new Promise((resolve) => broker.close(resolve));
  };
  try {
    await listen(server, parts.port, parts.host);
  } catch (error) {
    await end(); // its timers would keep the process up
    throw error;
  }
  const { address, port } = server.address() as AddressInfo;

  return {
    host: address,
    port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await end();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function tlsOptions(tls: NonNullable<MqttParts["tls"]>): TlsOptions {
  const asks = tls.ca !== undefined;
  return { ...tls, requestCert: asks, rejectUnauthorized: asks, handshakeTimeout: CONNECT_WITHIN_MS };
}

/** The common name of the certificate that was shown. */
function nameOf(socket: TLSSocket): string {
  const name = socket.getPeerCertificate().subject.CN;
  return typeof name === "string" ? name : "";
}

function ownTopic(device: Hex, topic: string): TopicEnd | undefined {
  const found = readTopic(topic);
  return found?.device === device ? found.end : undefined;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
