import { connect } from "mqtt";
import { parseStrict } from "../../protocol/json.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Es256Signer } from "../../protocol/es256.ts";
import { signInToken } from "../sign-in-token.ts";
import { NoAnswer, type Answer, type Transport } from "../transport.ts";

export interface MqttOptions {
  /** mqtt://host:port or mqtts://host:port */
  url: string;
  device: Hex;
  kid: number;
  sign: Es256Signer;
  chainId: number;
  /** First DeviceRegistry of the consortium. */
  registry: Hex;
  /** PEM: at a broker other than the embedded one, which knows devices by certificate and speaks MQTT 5. */
  certificate?: { ca: string; cert: string; key: string };
  /** Wall clock, ms. */
  now(): number;
  timeoutMs?: number;
}

/**
 * A device's connection to an MQTT broker: MQTT 3.1.1 (the embedded broker speaks no 5) or with a certificate 5, QoS 1, one
 * reading on its way at a time, answers from the `acks` topic. Every connection, also after a loss, signs in with a fresh
 * token, or with the certificate. Resolves once the acks topic is subscribed, so that no answer is missed.
 */
export async function connectMqtt(options: MqttOptions): Promise<Transport> {
  const { device, url, timeoutMs = 10_000 } = options;
  const topic = (name: string) => `twinward/v1/devices/${device}/${name}`;
  const token = () => signInToken(options, options.now());
  const client = connect(url, {
    clientId: device,
    ...(options.certificate === undefined
      ? { protocolVersion: 4, username: device, password: await token() }
      : { protocolVersion: 5, ...options.certificate }),
    clean: true,
    // A session must not send by itself what waits here: the monitor decides what is sent again.
    queueQoSZero: false,
    reconnectPeriod: 0,
    connectTimeout: timeoutMs,
    manualConnect: true,
  });
  let waiting: { resolve(answer: Answer): void; sequence: number } | undefined;
  let closed = false;
  let line: Promise<unknown> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;

  client.on("message", (_topic, payload) => {
    const answer = parseStrict(payload.toString("utf8")) as Answer;
    // The ack of a reading that was held, or of one that we stopped waiting for, says nothing about this one.
    if ("sequence" in answer && typeof answer.sequence === "number" && answer.sequence !== waiting?.sequence) return;
    waiting?.resolve(answer);
  });
  client.on("error", () => undefined); // "close" follows and is what counts
  client.on("close", () => {
    if (closed) return;
    retry = setTimeout(() => {
      void token().then((password) => {
        if (options.certificate === undefined) client.options.password = password;
        if (!closed) client.reconnect();
      });
    }, 1000);
  });
  const ready = within(timeoutMs, "the broker did not let the device in", (resolve) => {
    client.on("connect", () => {
      client.subscribe(topic("acks"), { qos: 1 }, (error) => {
        if (!error) resolve(undefined);
      });
    });
  });
  client.connect();
  try {
    await ready;
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    closed = true;
    clearTimeout(retry);
    await client.endAsync(true);
  }

  async function sendNow(reading: string): Promise<Answer> {
    if (!client.connected) throw new NoAnswer("not connected");
    try {
      return await within<Answer>(timeoutMs, "the gateway did not answer", (resolve, reject) => {
        waiting = { resolve, sequence: sequenceOf(reading) };
        client.publish(topic("readings"), reading, { qos: 1 }, (error) => {
          if (error) reject(new NoAnswer("the broker did not take the reading", { cause: error }));
        });
      });
    } finally {
      waiting = undefined;
    }
  }

  return {
    send(reading) {
      const sent = line.then(() => sendNow(reading));
      line = sent.catch(() => undefined);
      return sent;
    },
    close,
  };
}

/** The sequence of a reading of our own making. */
function sequenceOf(reading: string): number {
  const payload = reading.split(".")[1] ?? "";
  return (JSON.parse(Buffer.from(payload, "base64url").toString()) as { seq: number }).seq;
}

/** A promise that gives up after `ms`. */
function within<T>(
  ms: number,
  complaint: string,
  start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(complaint)), ms);
    start(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
