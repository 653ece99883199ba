import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { READING_LIMITS } from "../../protocol/reading.ts";
import { toRefusal } from "../../protocol/refusal.ts";
import type { Answer, Gateway } from "./gateway.ts";

/** Topic, two length bytes, message id, an MQTT 5 message's properties, and a reading of the largest size. */
export const PACKET_LIMIT = READING_LIMITS.characters + 256;

export type TopicEnd = "readings" | "results" | "acks" | "commands";

const TOPIC = /^twinward\/v1\/devices\/(0x[0-9a-f]{64})\/(readings|results|acks|commands)$/;

export const topicOf = (device: string, end: TopicEnd): string => `twinward/v1/devices/${device}/${end}`;

/** Whose topic it is and which; undefined where it is no topic of ours. */
export function readTopic(topic: string): { device: Hex; end: TopicEnd } | undefined {
  const found = TOPIC.exec(topic);
  return found ? { device: found[1] as Hex, end: found[2] as TopicEnd } : undefined;
}

/** What a reading that came by a device's own topic is answered; whatever goes wrong is an answer too. */
export async function answerReading(
  gateway: Pick<Gateway, "accept">,
  device: Hex,
  payload: Buffer,
  report?: (error: unknown) => void,
): Promise<Answer> {
  try {
    const [first] = await gateway.accept([payload.toString("latin1")], { device });
    return first ?? toRefusal(new TwinwardError("INTERNAL"));
  } catch (error) {
    if (!(error instanceof TwinwardError)) report?.(error);
    return toRefusal(error);
  }
}
