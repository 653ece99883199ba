import { readAck, verifyAckLeaf, verifyAckSignature, type Ack } from "../../../protocol/ack.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { keyOfPromise } from "../../../protocol/gateway-key.ts";
import { parseStrict } from "../../../protocol/json.ts";
import type { Lies } from "./lies.ts";
import type { WalkedStream } from "./stream.ts";
import type { AuditWorld } from "./world.ts";

/** Reads acks that devices kept, one ack@1 a line. Throws UNUSABLE_ACK naming the line. */
export function readKeptAcks(text: string): Ack[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => {
      try {
        return readAck(parseStrict(line));
      } catch (cause) {
        throw new TwinwardError(
          "UNUSABLE_ACK",
          { line: index + 1, detail: `Line ${index + 1} is not an ack@1.` },
          cause,
        );
      }
    });
}

/** What the gateway promised a device must stand where it promised, also where nothing was anchored yet. */
export function auditKeptAcks(world: AuditWorld, { leaves }: WalkedStream, acks: readonly Ack[], lies: Lies): void {
  for (const [index, ack] of acks.entries()) {
    const place = `acks line ${index + 1}: reading ${ack.sequence} of ${ack.device}`;
    const stretch = world.line.stretches.find(({ stream }) => stream === ack.stream);
    if (!lies.hold(stretch !== undefined, place, `it is about another stream, ${ack.stream}`) || !stretch) continue;
    const key = keyOfPromise(world.gatewayKeys, ack);
    const signed = key !== undefined && verifyAckSignature(ack, key);
    if (!lies.hold(signed, place, "its signature is not this gateway's")) continue;
    const position = stretch.firstLeaf + ack.first + ack.index;
    const leaf = leaves[position];
    if (leaf === undefined) lies.tell(place, `it was promised at position ${position}, and is not stored`);
    else lies.hold(verifyAckLeaf(ack, leaf), place, `another leaf stands at position ${position} than was promised`);
  }
  lies.count("acks of devices", acks.length);
}
