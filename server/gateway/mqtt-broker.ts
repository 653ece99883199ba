import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { openLink, type LinkParts } from "./broker-link.ts";
import type { Answer, Gateway } from "./gateway.ts";
import { answerReading, PACKET_LIMIT, readTopic, topicOf } from "./topics.ts";

export interface BrokerParts {
  readonly gateway: Gateway;
  readonly url: string;
  readonly tls?: LinkParts["tls"];
  /** Gateways of one stream share what comes: each message goes to one of them. */
  readonly stream: Hex;
  /** Another one for each gateway: a broker lets in one client of a name. */
  readonly clientId: string;
  readonly report?: (error: unknown) => void;
}

export interface BrokerDoor {
  /** Without user and password. */
  readonly url: string;
  /** Resolves once the gateway hears its devices for the first time. */
  readonly listening: Promise<void>;
  readonly isListening: () => boolean;
  close(): Promise<void>;
}

/**
 * The gateway at somebody else's broker, by MQTT 5 and QoS 1. Who may publish where is the broker's to know: it lets a device
 * in by its certificate and holds it to its own topics (docs/brokers.md). What it passes on is believed no more than what
 * comes by HTTP: the reading must be signed by the device whose topic it came by.
 */
export function followBroker(parts: BrokerParts): BrokerDoor {
  const { gateway, report } = parts;
  const link = openLink({
    url: parts.url,
    tls: parts.tls,
    clientId: parts.clientId,
    filters: [`$share/${parts.stream}/${topicOf("+", "readings")}`],
    packetLimit: PACKET_LIMIT,
    // The broker may forget a reading when it is durable and answered, or refused; killed before, another gateway or the
    // device itself brings it again, and it gets the same ack.
    take: async (topic, payload) => {
      const found = readTopic(topic);
      if (found?.end === "readings") answer(found.device, await answerReading(gateway, found.device, payload, report));
    },
    // By a code of ours, whose detail is logged: an error without one would be told by its type alone.
    report: (error) => report?.(new TwinwardError("BROKER_UNREACHABLE", { detail: error.message }, error)),
  });

  function answer(device: Hex, message: Answer): void {
    link.publish(topicOf(device, "acks"), Buffer.from(JSON.stringify(message)));
  }
  const stopTelling = gateway.onAnswer(answer);

  const shown = new URL(parts.url);
  return {
    url: `${shown.protocol}//${shown.host}`,
    listening: link.listening,
    isListening: link.isListening,
    close: async () => {
      stopTelling();
      await link.close();
    },
  };
}
