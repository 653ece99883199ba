import { expect } from "chai";
import { Wallet } from "ethers";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parsePresentation } from "../../protocol/reading.ts";
import { auditDirectory } from "../../server/main/audit-directory.ts";
import { backupDirectory } from "../../server/main/backup/backup-directory.ts";
import { restoreDirectory } from "../../server/main/backup/restore-directory.ts";
import { decrypt } from "../../server/keys/cipher.ts";
import type { KeyStore } from "../../server/keys/key-store.ts";
import { openReading } from "../../server/keys/sealed-reading.ts";
import { openDatabase } from "../../server/store/database.ts";
import { readReadings } from "../../server/store/read-readings.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { registerBedside, wordOf, type BedsideDevice } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { JANUARY, keysIn, perOf } from "../helpers/erasure-world.ts";
import { failsIn, Journey, portsOf, until, type Server } from "../helpers/journey.ts";

const PRELOAD = fileURLToPath(new URL("../faults/write-faults.ts", import.meta.url));
/** Readings to a request. */
const PER_REQUEST = 64;

describe("journey: a device goes from one assignment to the next, at sequences that were accepted long ago", function () {
  this.timeout(300_000);
  const journey = new Journey();
  const fails = failsIn(journey);
  const data = journey.path("data");
  const fault = journey.path("fault");
  let environment: Record<string, string>;
  let server: Server;
  let device: BedsideDevice;
  let other: BedsideDevice;
  let reader: Client;
  let [oldTwin, newTwin]: Hex[] = [];
  let assignments: readonly Assigned[] = [];

  interface Assigned {
    readonly assignment: Hex;
    readonly from: number;
    readonly end: number | null;
  }

  before(async () => {
    environment = { ...(await portsOf()), NODE_OPTIONS: `--import=${PRELOAD}`, FAULT_FILE: fault };
    server = await journey.up(data, environment);
    [device, other] = (await registerBedside(server, 2)) as [BedsideDevice, BedsideDevice];
  });
  after(() => journey.close());

  const at = (): string[] => ["--data", data, "--url", server.http];
  const send = async (from: BedsideDevice, count: number): Promise<void> => {
    for (let left = count; left > 0; left -= PER_REQUEST) {
      const texts: string[] = [];
      for (let n = 0; n < Math.min(left, PER_REQUEST); n++) {
        const per = perOf(JANUARY, from.sequence);
        texts.push(await from.next({ per, iat: Math.floor(per[1] / 1_000) }));
      }
      const answers = await server.client.postReadings(texts);
      expect(answers.map(wordOf).filter((word) => !word.startsWith("ack"))).to.deep.equal([]);
    }
  };
  const assigned = (of: BedsideDevice): Promise<Assigned[]> =>
    journey.ask<Assigned[]>(["assignment", "list", of.id, ...at()]);
  /** A twin of the open assignment that the clinician may read. */
  const grantedTwin = async (of: BedsideDevice, cut: string[]): Promise<Hex> => {
    const { twin } = await journey.ask<{ twin: Hex }>(["twin", "new", "--device", of.id, ...cut, ...at()]);
    const address = new Wallet(toHex(readAccountKey(journey.path("clinician.key")))).address;
    const terms = ["--twin", twin, "--reader", address, "--purposes", "care", "--until", "+12h"];
    await journey.ask(["grant", "give", ...terms, ...at()]);
    return twin;
  };
  const anchored = (): Promise<boolean> =>
    until("all is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => anchoredSequence >= sequence) || undefined;
    });
  /** The sequences whose heart rate is disclosed. */
  const shown = async (client: Client, twin: Hex, ask = {}): Promise<number[]> => {
    const found: number[] = [];
    for await (const { sequence, reading } of client.readings(twin, ask))
      if (parsePresentation(reading).disclosures.length > 0) found.push(sequence);
    return found;
  };
  const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      () => "shown",
      (error: unknown) => (error instanceof TwinwardError ? error.code : error),
    );
  const erase = (scope: Hex | undefined): Promise<unknown> =>
    journey.ask(["erase", scope ?? "", "--months", JANUARY, "--yes", "--data", data], environment);
  /** The sequences of a stopped server's readings that any key of today's key store opens, whatever it is the key of. */
  const opening = async (of: BedsideDevice): Promise<number[]> => {
    const database = await openDatabase({ directory: join(data, "database") });
    try {
      const rows = await readReadings(database, { device: of.id });
      const opens = (row: (typeof rows)[number], key: Uint8Array): boolean => {
        const open: KeyStore["open"] = (_, __, nonce, sealed, aad) => decrypt(key, nonce, sealed, aad);
        try {
          return openReading({ open } as KeyStore, { device: of.id, ...row }, row).disclosures.length > 0;
        } catch {
          return false;
        }
      };
      const keys = keysIn(join(data, "keys"));
      return rows.filter((row) => keys.some((key) => opens(row, key))).map(({ sequence }) => sequence);
    } finally {
      await database.close();
    }
  };
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

  it("is told to nobody what another assignment's readings say, and audits", async () => {
    for (const each of [device, other]) await send(each, 20);
    const clinician = await newClinician(journey, { server, data, device: device.id });
    reader = clinician.client;
    oldTwin = clinician.twin;
    expect(await shown(reader, oldTwin)).to.deep.equal(numbers(1, 20));
    // Released of the other one while nobody knew of an end: of readings that are of both assignments afterwards.
    const manifest = journey.path("trend.json");
    writeFileSync(manifest, JSON.stringify({ segments: ["heart"], resolution: { interval: 5, show: ["mean"] } }));
    const trend = await grantedTwin(other, ["--manifest", manifest, "--name", "trend"]);
    expect((await reader.history(trend)).releases?.length).to.be.at.least(3);
    await fails(["assignment", "begin", device.id, ...at()], 1, /ASSIGNMENT_OPEN/);
    await fails(["assignment", "end", `0x${"0".repeat(64)}`, ...at()], 1, /DEVICE_UNKNOWN/);
    await fails(["assignment", "end", device.id, "--at", "0", ...at()], 2, /Sequences begin with 1/);
    for (const each of [device, other]) {
      const ended = await journey.ask(["assignment", "end", each.id, "--at", "11", ...at()]);
      expect(ended).to.include({ device: each.id, from: 1, end: 11 });
      await fails(["assignment", "begin", each.id, "--from", "10", ...at()], 1, /ASSIGNMENT_START_UNEXPECTED/);
      expect(await journey.ask(["assignment", "begin", each.id, "--from", "11", ...at()])).to.include({ from: 11 });
    }
    assignments = await assigned(device);
    expect(assignments.map(({ from, end }) => [from, end])).to.deep.equal([
      [1, 11],
      [11, null],
    ]);
    const listed = (await server.client.devices()).devices.find(({ id }) => id === device.id);
    expect([listed?.assignments, listed?.assigned]).to.deep.equal([2, true]);

    newTwin = await grantedTwin(device, ["--segments", "heart"]);
    expect(await shown(reader, newTwin)).to.deep.equal(numbers(11, 20));
    expect(await codeOf(reader.history(oldTwin))).to.equal("TWIN_ENDED");
    // Detection goes on over both, by the one key and by the other.
    const oracle = connect({
      url: server.http,
      signer: new Wallet(toHex(readAccountKey(join(data, "keys/oracle-0.key")))),
    });
    const security = (await oracle.twins()).find((twin) => twin.device === device.id)?.twin as Hex;
    expect(await shown(oracle, security, { purpose: "security" })).to.deep.equal(numbers(1, 20));
    await anchored();
    await auditPasses(journey, data, undefined, environment);
  });

  it("is killed while readings are sealed again, and goes on", async () => {
    await send(device, 400);
    await anchored();
    writeFileSync(fault, JSON.stringify({ point: "update reading", mode: "killed-after" }));
    // It may be told of its end, or that the server is gone.
    const ending = journey.run(["assignment", "end", device.id, "--at", "21", ...at()]);
    await until("the server was killed", async () => (server.running() ? undefined : true));
    await ending;
    expect(existsSync(`${fault}.happened`)).to.equal(true);
    const [first, ...others] = (await auditDirectory(data)).lies;
    expect(others).to.deep.equal([]);
    expect(first?.what).to.match(/^they are not resealed yet: the first, of sequence 149, is sealed for 0x/);
    server = await journey.up(data, environment);
    await auditPasses(journey, data, undefined, environment);
    // Begun again behind what was accepted, it has none of it; the old twins are over.
    const begun = await journey.ask<Assigned>(["assignment", "begin", device.id, ...at()]);
    expect(begun.from).to.equal(421);
    expect(await codeOf(reader.history(newTwin as Hex))).to.equal("TWIN_ENDED");
  });

  it("erases the old assignment without the new, and the new one without the old", async () => {
    const [, mine] = await assigned(other);
    await erase(assignments[0]?.assignment);
    await erase(mine?.assignment);
    const counted = await auditPasses(journey, data, undefined, environment);
    expect([counted.get("erasures"), counted.get("readings erased")]).to.deep.equal([2, 20]);
    await server.stop();
    expect(await opening(device)).to.deep.equal(numbers(11, 420));
    expect(await opening(other)).to.deep.equal(numbers(1, 10));
    await auditPasses(journey, data);
  });

  it("is restored with every reading under the key of whom it belongs to", async () => {
    server = await journey.up(data, environment);
    await anchored();
    await backupDirectory(data, journey.path("after.gz"));
    await server.stop();
    rmSync(join(data, "database"), { recursive: true });
    expect((await restoreDirectory(data, journey.path("after.gz"))).missing).to.equal(null);
    expect(await opening(device)).to.deep.equal(numbers(11, 420));
    const counted = await auditPasses(journey, data);
    expect(counted.get("readings erased")).to.equal(20);
    server = await journey.up(data, environment);
    await send(other, 1);
    await anchored();
    await auditPasses(journey, data, undefined, environment);
  });
});
