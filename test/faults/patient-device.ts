import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { connect } from "../../apps/sdk/client.ts";
import type { Ack } from "../../protocol/ack.ts";
import type { BedsideDevice } from "../helpers/bedside-device.ts";
import { registerBedside, wordOf } from "../helpers/bedside-device.ts";
import { until, type Server } from "../helpers/journey.ts";

/** Readings to a request. */
const PER_REQUEST = 64;

/** A device that keeps what it signed until it has the ack, and the acks for the audit. */
export class PatientDevice {
  readonly device: BedsideDevice;
  readonly #url: string;
  /** Every ack, in the order of the sequences. */
  readonly acks: Ack[] = [];
  waiting: string[] = [];

  private constructor(device: BedsideDevice, url: string) {
    this.device = device;
    this.#url = url;
  }

  static async register(server: Server): Promise<PatientDevice> {
    const [device] = await registerBedside(server, 1);
    return new PatientDevice(device as BedsideDevice, server.http);
  }

  /** Signs `count` more and sends what waits; undefined where all of it was acked, else what the door said. */
  async send(count = 1): Promise<Response | undefined> {
    for (let n = 0; n < count; n++) this.waiting.push(await this.device.next());
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ readings: this.waiting.slice(0, PER_REQUEST) });
    const response = await fetch(new URL("/v1/readings", this.#url), { method: "POST", headers, body });
    if (!response.ok) return response;
    const { results } = (await response.json()) as { results: Ack[] };
    expect(results.map(wordOf)).to.deep.equal(results.map((_, n) => `ack ${this.acks.length + n + 1}`));
    this.acks.push(...results);
    this.waiting = this.waiting.slice(results.length);
    return this.waiting.length > 0 ? this.send(0) : undefined;
  }

  /** Waits until every ack's leaf is in a batch on the chain; and none later than it promised. */
  async anchored(): Promise<void> {
    const client = connect({ url: this.#url });
    await until("all that was acked is anchored", async () => {
      const { devices } = await client.devices();
      return devices.find(({ id }) => id === this.device.id)?.anchoredSequence === this.acks.length || undefined;
    });
    const { anchors } = await client.anchors({ limit: 100 });
    for (const { first, index, anchorBy, sequence } of this.acks) {
      const at = anchors.find(
        ({ firstLeaf, count }) => first + index >= firstLeaf && first + index < firstLeaf + count,
      );
      expect(at?.block.timestamp, `anchor of reading ${sequence}`).to.be.at.most(anchorBy);
    }
  }

  /** Writes the acks down as `audit --acks` reads them. */
  keepAcks(file: string): void {
    writeFileSync(file, this.acks.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
  }
}

/** What `/readyz` says of each part. */
export async function readyOf(server: Server): Promise<Record<string, string>> {
  const response = await fetch(new URL("/readyz", server.http));
  const { parts } = (await response.json()) as { parts: Record<string, string> };
  expect(response.status).to.equal(Object.values(parts).every((code) => code === "ok") ? 200 : 503);
  return parts;
}
