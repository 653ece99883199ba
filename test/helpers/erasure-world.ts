import { expect } from "chai";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../apps/sdk/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { parseReading } from "../../protocol/reading.ts";
import { decrypt } from "../../server/keys/cipher.ts";
import { masterFile, readKeyFile, readMaster, unwrap } from "../../server/keys/key-file.ts";
import type { KeyStore } from "../../server/keys/key-store.ts";
import { openReading } from "../../server/keys/sealed-reading.ts";
import type { ErasureReport } from "../../server/main/erase/erase-directory.ts";
import { openDatabase } from "../../server/store/database.ts";
import { readReadings, type StoredReading } from "../../server/store/read-readings.ts";
import { registerBedside, wordOf, type BedsideDevice } from "./bedside-device.ts";
import { newClinician } from "./clinician.ts";
import { Journey, portsOf, until, type Server } from "./journey.ts";

export const [JANUARY, FEBRUARY] = ["2020-01", "2020-02"] as const;
export type Month = typeof JANUARY | typeof FEBRUARY;
export const PER_MONTH = 4;

/** A time in a month's tenth day, ms. */
export const perOf = (month: Month, n: number): readonly [number, number] => {
  const from = Date.parse(`${month}-10T00:00:00Z`) + n * 1_000;
  return [from, from + 1_000];
};

/** A server with a mirror of its keys, a device that speaks of two months, and somebody who reads it. */
export class ErasureWorld {
  readonly journey = new Journey();
  readonly data = this.journey.path("data");
  readonly mirror = this.journey.path("mirror");
  environment: Record<string, string> = {};
  server!: Server;
  device!: BedsideDevice;
  clinician!: { readonly client: Client; readonly twin: Hex };
  assignment!: Hex;
  /** What was disclosed of each month's readings, as the device encoded it. */
  readonly said: Record<Month, string[]> = { [JANUARY]: [], [FEBRUARY]: [] };

  async open(): Promise<void> {
    this.environment = { ...(await portsOf()), KEYS_MIRROR: this.mirror };
    this.server = await this.journey.up(this.data, this.environment);
    this.device = (await registerBedside(this.server, 1))[0] as BedsideDevice;
    const { server, data, journey } = this;
    this.clinician = await newClinician(journey, { server, data, device: this.device.id });
    const { client, twin } = this.clinician;
    this.assignment = (await client.twins()).find((listed) => listed.twin === twin)?.assignment as Hex;
  }

  async restart(): Promise<void> {
    this.server = await this.journey.up(this.data, this.environment);
  }

  async send(month: Month, count = 1): Promise<void> {
    for (let n = 0; n < count; n++) {
      const per = perOf(month, this.device.sequence);
      const text = await this.device.next({ per, iat: Math.floor(per[1] / 1_000) });
      this.said[month].push(...parseReading(text).disclosures.map(({ encoded }) => encoded));
      const [answer] = await this.server.client.postReadings([text]);
      expect(wordOf(answer)).to.equal(`ack ${this.device.sequence}`);
    }
  }

  anchored(): Promise<boolean> {
    return until("all is anchored", async () => {
      const { devices } = await this.server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => anchoredSequence >= sequence) || undefined;
    });
  }

  erase(...words: string[]): Promise<ErasureReport> {
    return this.journey.ask(["erase", this.assignment, ...words, "--yes", "--data", this.data], this.environment);
  }

  /** Keeps the key store and its mirror as they are now; where. */
  keepKeys(): string[] {
    const kept = this.journey.path("kept");
    cpSync(join(this.data, "keys"), join(kept, "keys"), { recursive: true });
    cpSync(this.mirror, join(kept, "mirror"), { recursive: true });
    return [join(kept, "keys"), join(kept, "mirror")];
  }

  /** How many of these sealed readings any of the keys opens, whatever it is the key of. */
  opened(rows: readonly StoredReading[], keys: readonly Uint8Array[]): number {
    const opens = (row: StoredReading, key: Uint8Array): boolean => {
      const open: KeyStore["open"] = (_, __, nonce, sealed, aad) => decrypt(key, nonce, sealed, aad);
      try {
        return openReading({ open } as KeyStore, { device: this.device.id, ...row }, row).disclosures.length > 0;
      } catch {
        return false;
      }
    };
    return rows.filter((row) => keys.some((key) => opens(row, key))).length;
  }

  /** A month's readings as the database of a stopped server has them. */
  async storedOf(directory: string, month: Month): Promise<StoredReading[]> {
    const database = await openDatabase({ directory: join(directory, "database") });
    try {
      return (await readReadings(database, { device: this.device.id })).filter((row) => row.month === month);
    } finally {
      await database.close();
    }
  }
}

/** Every data key that the key stores in these directories hold. */
export function keysIn(...directories: string[]): Uint8Array[] {
  return directories.flatMap((directory) => {
    const file = join(directory, "data-keys.json");
    const { generation, keys } = readKeyFile(file, readFileSync(file, "utf8"));
    const place = masterFile(file, generation);
    const master = readMaster(place, readFileSync(place, "utf8"));
    return keys.map((entry) => unwrap(file, master, entry));
  });
}
