import { randomBytes } from "node:crypto";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import type { Chain } from "../chain/view.ts";
import type { Config } from "../config/config.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { openMqtt } from "../gateway/mqtt.ts";
import { followBroker, type BrokerDoor } from "../gateway/mqtt-broker.ts";
import { nameOf } from "./front-doors.ts";
import { urlOf } from "./http-door.ts";
import { readBrokerTls, type TlsSide } from "./tls.ts";

interface MqttRooms {
  readonly gateway: Gateway;
  readonly chain: Chain;
  readonly stream: Hex;
  /** ms. */
  readonly now: () => number;
  readonly refused: (code: ErrorCode) => void;
  readonly report: (error: unknown) => void;
}

/** Where devices speak MQTT with us. */
export interface MqttPlace {
  readonly url: string;
  /** At another broker: `mqtt`, which rejects while no reading can come this way. */
  readonly checks: { readonly mqtt?: () => Promise<void> };
  close(): Promise<void>;
}

/** What is shown to a broker of others; undefined for the embedded one. Throws CERTIFICATE_UNUSABLE or KEY_FILE_MODE. */
export async function brokerTlsOf({ broker }: Config, nowMs: number): Promise<TlsSide | undefined> {
  return broker && readBrokerTls(broker, nowMs);
}

/** The embedded broker, or our place at another one, which may be away when we start: it is looked for until it is there. */
export async function openMqttPlace(
  config: Config,
  tls: { readonly doors: TlsSide | undefined; readonly broker: TlsSide | undefined },
  rooms: MqttRooms,
): Promise<MqttPlace> {
  if (config.broker === undefined) {
    const door = await openMqtt({ ...rooms, host: config.host, port: config.ports.mqtt, tls: tls.doors });
    const url = urlOf(tls.doors === undefined ? "mqtt" : "mqtts", nameOf(config), door.port);
    return { url, checks: {}, close: () => door.close() };
  }
  const { gateway, stream, report } = rooms;
  const clientId = `twinward-${randomBytes(8).toString("hex")}`;
  const door = followBroker({ gateway, stream, report, clientId, url: config.broker.url, tls: tls.broker });
  return { url: door.url, checks: brokerCheck(door), close: () => door.close() };
}

/** What /readyz asks of our place at a broker of others. */
export function brokerCheck(door: Pick<BrokerDoor, "url" | "isListening">): { readonly mqtt: () => Promise<void> } {
  return {
    mqtt: async () => {
      if (!door.isListening()) throw new TwinwardError("BROKER_UNREACHABLE", { broker: door.url });
    },
  };
}
