import { expect } from "chai";
import { createDecipheriv } from "node:crypto";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../apps/sdk/client.ts";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { concat, u32be, type Hex } from "../../protocol/bytes.ts";
import { parseReading } from "../../protocol/reading.ts";
import { decrypt, TAG } from "../../server/keys/cipher.ts";
import { masterFile, readKeyFile, readMaster, unwrap } from "../../server/keys/key-file.ts";
import type { KeyStore } from "../../server/keys/key-store.ts";
import { openReading } from "../../server/keys/sealed-reading.ts";
import type { ErasureReport } from "../../server/main/erase/erase-directory.ts";
import { openDatabase } from "../../server/store/database.ts";
import { readReadings, type StoredReading } from "../../server/store/read-readings.ts";
import { registerBedside, wordOf, type BedsideDevice } from "./bedside-device.ts";
import { newClinician } from "./clinician.ts";
import { Journey, portsOf, until, type Server } from "./journey.ts";
import { postFindings } from "./post-findings.ts";

export const [JANUARY, FEBRUARY] = ["2020-01", "2020-02"] as const;
export type Month = typeof JANUARY | typeof FEBRUARY;
export const PER_MONTH = 4;

/** A time in a month's tenth day, ms. */
export const perOf = (month: Month, n: number): readonly [number, number] => {
  const from = Date.parse(`${month}-10T00:00:00Z`) + n * 1_000;
  return [from, from + 1_000];
};

/** What some row holds sealed. */
export interface SealedBytes {
  readonly table: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

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

  /** The twin that shows means instead of readings, and was read. */
  means!: Hex;

  /** Whatever else is sealed under the keys of what was sent: released values, findings, evidence, a held reading. */
  async sealTheRest(): Promise<void> {
    const { server, device, data, clinician } = this;
    const at = { url: server.http, stewardKey: join(data, "keys/steward.key") };
    const resolution = { interval: 2, show: ["mean", "count"] };
    this.means = await createTwin({ ...at, device: device.id, segments: ["heart"], name: "means", resolution });
    const { address: reader } = await clinician.client.login();
    const until = Date.now() + 3_600_000;
    await giveGrant({ ...at, twin: this.means, reader, purposes: ["care"], until });
    expect((await clinician.client.history(this.means)).releases).to.have.length.greaterThan(1);
    await postFindings(server.client, { rpc: server.rpc, data, device: device.id });
    const contradiction = await device.build({ sequence: 1, per: perOf(JANUARY, 1) });
    const early = await device.build({ sequence: device.sequence + 3, per: perOf(JANUARY, 2) });
    const told = (await server.client.postReadings([contradiction, early])).map(wordOf);
    expect(told).to.deep.equal(["SEQUENCE_CONFLICT", "held"]);
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

  /** Whatever a stopped server's database holds sealed, in any table. */
  async sealedOf(directory: string): Promise<SealedBytes[]> {
    const database = await openDatabase({ directory: join(directory, "database") });
    try {
      const tables = await database.query<{ name: string }>(
        `select table_name as name from information_schema.columns c
         where table_schema = current_schema() and column_name = 'sealed'
           and not exists (select from pg_inherits where inhrelid = c.table_name::regclass)`,
      );
      const rows = tables.map(async ({ name: table }) => {
        const sql = `select nonce, sealed from ${table} where sealed is not null`;
        const found = await database.query<Omit<SealedBytes, "table">>(sql);
        return found.map((row) => ({ table, ...row }));
      });
      return (await Promise.all(rows)).flat();
    } finally {
      await database.close();
    }
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

/** Whether any of the keys makes words of it, whatever it is bound to: GCM without its tag is counter mode from block 2 on. */
export function isReadable({ nonce, sealed }: SealedBytes, keys: readonly Uint8Array[]): boolean {
  return keys.some((key) => {
    const decipher = createDecipheriv("aes-256-ctr", key, concat(nonce, u32be(2)));
    return decipher.update(sealed.subarray(0, sealed.length - TAG)).every((byte) => byte >= 0x20 && byte < 0x7f);
  });
}
