// A server's data directory as a ward leaves it, made by the real server, real devices and real readers, with a row in every
// table. Made once per process; cases work on copies.
import { randomBytes } from "node:crypto";
import { cpSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JsonRpcProvider, Wallet, type JsonRpcPayload, type JsonRpcResult } from "ethers";
import { approveRequest } from "../../../apps/cli/answer-request.ts";
import { createDeviceFile, deviceKey, nameDevice, type DeviceFile } from "../../../apps/cli/device-file.ts";
import { addressOf, createAccountKey, readAccountKey } from "../../../apps/cli/key-file.ts";
import { bindSubject, setConsent } from "../../../apps/cli/commands/consent.ts";
import { giveGrant, revokeGrant } from "../../../apps/cli/commands/grant.ts";
import { createTwin } from "../../../apps/cli/commands/twin.ts";
import {
  endOpening,
  makeClaim,
  nameEmergencyTwin,
  openGlass,
  reviewOpening,
  type Acting,
} from "../../../apps/cli/glass.ts";
import { mapRows, readColumnMap } from "../../../apps/cli/map-rows.ts";
import { registerDevices } from "../../../apps/cli/register-device.ts";
import { replayRows } from "../../../apps/cli/replay-rows.ts";
import { openClient } from "../../../apps/cli/server.ts";
import type { Client } from "../../../apps/sdk/client.ts";
import { createRandom } from "../../../ml/random.ts";
import { toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { es256Signer } from "../../../protocol/es256.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { buildReading, parseReading } from "../../../protocol/reading.ts";
import { isHeld, isRefusal } from "../../../protocol/refusal.ts";
import { insertIntent, readNextBatch } from "../../../server/anchor/batches.ts";
import { seal } from "../../../server/anchor/seal.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { Outbox } from "../../../server/chain/outbox.ts";
import { streamOf } from "../../../server/main/observe-world.ts";
import { openStopped } from "../../../server/main/open-directory.ts";
import { startServer, type Running } from "../../../server/main/start.ts";
import { readLeafHashes } from "../../../server/store/read-leaves.ts";
import { postFindings } from "../../helpers/post-findings.ts";

const MAP = fileURLToPath(new URL("../../maps/monitor.json", import.meta.url));
const HOUR_MS = 3_600_000;
/** The port of discard, at which nobody listens. */
const NOBODY = "http://127.0.0.1:9/";
/** Of every device; of the first one's, this many have no breath (respiration 0). */
export const ROWS = 70;
export const BREATHLESS = 9;

type Device = DeviceFile & { readonly device: Hex };

export interface AuditedWorld {
  /** DATA of the server, stopped. Copy it before changing anything. */
  readonly data: string;
  /** Its `database/` as it was some anchors earlier, whole and stopped. */
  readonly olderDatabase: string;
  /** Every ack that the devices got, one a line. */
  readonly acksFile: string;
  /** Positions from here on are not anchored. */
  readonly unanchoredFrom: number;
  readonly devices: readonly Hex[];
}

let made: Promise<AuditedWorld> | undefined;

/** The one directory of this process. */
export const auditedWorld = (): Promise<AuditedWorld> => (made ??= make());

/** Sockets belong to processes that have ended. */
const isKept = (path: string): boolean => lstatSync(path).isFile() || lstatSync(path).isDirectory();

/** A copy of the directory, to be changed and thrown away. */
export async function copyOfWorld(): Promise<{ data: string; remove(): void }> {
  const root = mkdtempSync(join(tmpdir(), "twinward-test-"));
  const data = join(root, "data");
  cpSync((await auditedWorld()).data, data, { recursive: true, filter: isKept });
  return { data, remove: () => rmSync(root, { recursive: true, force: true }) };
}

async function make(): Promise<AuditedWorld> {
  const root = mkdtempSync(join(tmpdir(), "twinward-test-"));
  process.on("exit", () => rmSync(root, { recursive: true, force: true }));
  const data = join(root, "data");
  const olderDatabase = join(root, "older-database");
  const acksFile = join(root, "acks.jsonl");
  const stewardKey = join(data, "keys/steward.key");
  /** Does something with the server up; it is stopped whatever happens. */
  const whileUp = async <T>(
    sealIntervalMs: number,
    act: (server: Running, client: Client) => Promise<T>,
  ): Promise<T> => {
    const settings = {
      LOG_LEVEL: "error",
      SEAL_INTERVAL_MS: String(sealIntervalMs),
      ANCHOR_WITHIN_SECONDS: "120",
      WEBHOOK_PRIVATE: "allow",
    };
    const server = await startServer(settings, { data, port: 0 });
    try {
      return await act(server, openClient(server.urls.http));
    } finally {
      await server.close();
    }
  };

  // A day's work: two devices, two readers, all anchored.
  const devices = await whileUp(100, async (server, client) => {
    const laid = await layDevices(client, stewardKey, root);
    for (const [index, device] of laid.entries()) await replay(client, root, device, { index, acksFile });
    const [first] = laid as [Device];
    await readTwins({ url: server.urls.http, stewardKey, root, device: first.device });
    await askForTwins({ url: server.urls.http, stewardKey, root });
    await breakGlass({ url: server.urls.http, stewardKey, data, device: first.device });
    await misbehave(client, first);
    await allAnchored(client, laid);
    await postFindings(client, { rpc: server.urls.rpc, data, device: first.device });
    return laid;
  });
  const [first, second] = devices as [Device, Device];
  cpSync(join(data, "database"), olderDatabase, { recursive: true });

  // The next one: some more anchored readings, then nothing is sealed any more.
  await whileUp(100, async (_, client) => {
    await replay(client, root, second, { index: 2, acksFile });
    await allAnchored(client, devices);
  });
  await whileUp(60_000, async (_, client) => {
    await replay(client, root, first, { index: 3, acksFile });
    await holdOne(client, second);
  });
  const unanchoredFrom = await dieBeforeSending(data);
  return { data, olderDatabase, acksFile, unanchoredFrom, devices: devices.map(({ device }) => device) };
}

/** Opened, ended and reviewed. */
async function breakGlass(plan: { url: string; stewardKey: string; data: string; device: Hex }): Promise<void> {
  const { url, stewardKey, data, device } = plan;
  const as = (name: string): Acting => ({ url, key: join(data, `keys/${name}.key`) });
  const twin = await createTwin({ url, device, segments: ["heart"], name: "emergency", stewardKey });
  await nameEmergencyTwin({ url, key: stewardKey }, twin, 0);
  const claim = await makeClaim(as("holder-0"), { twin, until: Date.now() + HOUR_MS, reason: sha256Hex("salted") });
  const opening = await openGlass(as("holder-0"), claim);
  await endOpening(as("holder-0"), opening);
  await reviewOpening(as("reviewer"), opening, true, sha256Hex("salted as well"));
}

async function layDevices(client: Client, stewardKey: string, root: string): Promise<Device[]> {
  const { model } = readColumnMap(MAP);
  const files = ["first", "second"].map((name) => {
    const file = join(root, `${name}.json`);
    return { file, known: createDeviceFile(file, model) };
  });
  const registered = await registerDevices(
    client,
    stewardKey,
    files.map(({ known }) => ({ key: deviceKey(known), model })),
  );
  return files.map(({ file, known }, i) => {
    const { device } = registered[i] as (typeof registered)[number];
    return { ...nameDevice(file, known, device), device };
  });
}

/** Rows of the WUSTL shape, whose values are of a body at rest; in the first file some breaths are missing. */
function writeRows(file: string, index: number): void {
  const random = createRandom(`rows ${index}`);
  const near = (middle: number, spread: number): string => (middle + spread * random.normal()).toFixed(1);
  const head = "Dir,SrcBytes,Temp,SpO2,Pulse_Rate,SYS,DIA,Heart_rate,Resp_Rate,ST,Attack Category,Label";
  const rows = Array.from({ length: index < 2 ? ROWS : 6 }, (_, row) => {
    const breath = index === 0 && row % 8 === 3 ? "0" : near(17, 1);
    const heart = 72 + 3 * random.normal();
    const values = [near(36.6, 0.1), near(97, 0.5), heart.toFixed(0), near(121, 3), near(78, 2), heart.toFixed(0)];
    return `->,${random.integer(900)},${values.join(",")},${breath},${near(0.2, 0.05)},normal,0`;
  });
  writeFileSync(file, `${head}\n${rows.join("\n")}\n`);
}

async function replay(
  client: Client,
  root: string,
  device: Device,
  { index, acksFile }: { index: number; acksFile: string },
): Promise<void> {
  const map = readColumnMap(MAP);
  const csv = join(root, `rows-${index}.csv`);
  writeRows(csv, index);
  const start = Date.now() - ROWS * 100;
  async function* timed() {
    for await (const row of mapRows(csv, map)) {
      const from = start + row.number * 100;
      yield { row, per: [from, from + 100] as const };
    }
  }
  const replayed = await replayRows(timed(), {
    device,
    journalDirectory: join(root, "journals"),
    post: (readings) => client.postReadings(readings),
    patienceMs: 20_000,
    acksFile,
    progress: () => undefined,
  });
  if (replayed.refused.size > 0) throw new Error(`refused: ${[...replayed.refused.keys()].join()}`);
}

/** Two twins and their grants, one revoked: reads that are permitted, one that is denied, and one without a session. */
async function readTwins(plan: { url: string; stewardKey: string; root: string; device: Hex }): Promise<void> {
  const { url, stewardKey, root, device } = plan;
  const readers = [];
  for (const [name, segments, purpose] of [
    ["clinician", ["heart", "spo2", "resp"], "care"],
    ["researcher", ["heart"], "research"],
  ] as const) {
    const keyFile = join(root, `${name}.key`);
    const reader = createAccountKey(keyFile);
    const twin = await createTwin({ url, device, segments, name, stewardKey });
    const hence = Date.now() + HOUR_MS;
    if (purpose === "research") {
      const key = join(root, "subject.key");
      createAccountKey(key);
      await bindSubject({ url, device, subjectKey: key, stewardKey });
      await setConsent({ url, twin, reader, purposes: [purpose], key });
    }
    const grant = await giveGrant({ url, twin, reader, purposes: [purpose], until: hence, stewardKey });
    readers.push({ twin, grant, purpose, client: openClient(url, keyFile) });
  }
  for (const { twin, purpose, client: reading } of readers) {
    await until(`${purpose} is granted`, () =>
      reading.history(twin, { purpose, limit: 3 }).then(
        () => true,
        () => false,
      ),
    );
    await reading.history(twin, { purpose: "maintenance", limit: 3 }).then(
      () => {
        throw new Error("maintenance was granted to nobody");
      },
      () => undefined,
    );
  }
  await readDerived(plan, readers[0]?.client);
  const revoked = readers[1];
  if (revoked) await revokeGrant(revoked.grant, { url, stewardKey });
  await fetch(new URL(`/v1/twins/${readers[0]?.twin ?? ""}/history`, url));
}

/** Requests of somebody whom nobody knows: one approved, whose webhook nobody takes, one refused, and one that nobody answers. */
async function askForTwins({
  url,
  stewardKey,
  root,
}: {
  url: string;
  stewardKey: string;
  root: string;
}): Promise<void> {
  const keyFile = join(root, "app.key");
  createAccountKey(keyFile);
  const client = openClient(url, keyFile);
  const steward = openClient(url, stewardKey);
  const manifest = (await client.catalogue()).manifests.find((one) => one.manifest.name === "clinician")?.hash;
  if (manifest === undefined) throw new Error("nothing is on offer");
  const wish = { purposes: ["care"], until: Date.now() + HOUR_MS, why: "to be audited" } as const;
  const { request } = await client.request({ ...wish, manifest, webhook: NOBODY });
  await approveRequest({ request, url, stewardKey });
  const refused = await client.request({ ...wish, manifest });
  await steward.refuseRequest(refused.request, "It is audited already.");
  await client.request({ ...wish, twin: sha256Hex("no such twin"), segments: 1n });
}

/** Two derived twins, one with noise: each shows its intervals to the clinician once. */
async function readDerived(
  plan: { url: string; stewardKey: string; root: string; device: Hex },
  client?: Client,
): Promise<void> {
  const { url, stewardKey, root, device } = plan;
  const reader = addressOf(readAccountKey(join(root, "clinician.key")));
  const bounds = { clamp: [30, 220], scale: 1, denominator: 10 };
  const noise = { epsilon: 0.5, budget: 100, unit: "reading", neighbours: "replace", segments: { heart: bounds } };
  for (const cut of [
    { name: "trend", resolution: { interval: 1, show: ["mean", "count"] } },
    { name: "noised", resolution: { interval: 2, show: ["mean"] }, noise },
  ]) {
    const twin = await createTwin({ url, device, segments: ["heart"], stewardKey, ...cut });
    await giveGrant({ url, twin, reader, purposes: ["care"], until: Date.now() + HOUR_MS, stewardKey });
    await until(`${cut.name} shows something`, async () => {
      const page = await client?.history(twin, { purpose: "care" }).catch(() => undefined);
      return (page?.releases?.length ?? 0) > 0;
    });
  }
}

/** The device signs a sequence twice, and one that does not follow: both are refused and kept. */
async function misbehave(client: Client, device: Device): Promise<void> {
  const { sequence, content } = await headOf(client, device);
  const twice = await sign(device, { sequence: 3, prev: ZERO_32 });
  const astray = await sign(device, { sequence: sequence + 1, prev: sha256Hex(content) });
  const results = await client.postReadings([twice, astray]);
  const codes = results.map((result) => (isRefusal(result) ? result.code : "accepted"));
  if (codes.join() !== "SEQUENCE_CONFLICT,PREV_MISMATCH") throw new Error(`not refused as expected: ${codes.join()}`);
}

/** A reading that waits for the one before it, which never comes. */
async function holdOne(client: Client, device: Device): Promise<void> {
  const { sequence } = await headOf(client, device);
  const [result] = await client.postReadings([await sign(device, { sequence: sequence + 2, prev: ZERO_32 })]);
  if (!result || !isHeld(result)) throw new Error("it was not held");
}

async function headOf(client: Client, device: Device): Promise<{ sequence: number; content: string }> {
  const found = (await client.devices()).devices.find(({ id }) => id === device.device);
  if (!found) throw new Error("the device is not there");
  return { sequence: found.sequence, content: found.id };
}

async function sign(device: Device, place: { sequence: number; prev: Hex }): Promise<string> {
  const from = Date.now();
  const text = await buildReading(
    {
      ...place,
      device: device.device,
      kid: device.number,
      per: [from, from + 1000],
      iat: Math.floor(from / 1000) + 1,
      model: device.model.name,
      segments: device.model.segments.map(({ name, unit, min }) => ({ name, unit, t: [0], v: [min + 1] })),
      salt: () => randomBytes(16),
    },
    es256Signer(deviceKey(device)),
  );
  parseReading(text);
  return text;
}

async function allAnchored(client: Client, devices: readonly Device[]): Promise<void> {
  const ids = devices.map(({ device }) => device);
  await until("everything is anchored", async () =>
    (await client.devices()).devices
      .filter(({ id }) => ids.includes(id))
      .every(({ sequence, anchoredSequence }) => anchoredSequence >= sequence),
  );
}

/** Answers questions and loses every transaction. */
class CutLine extends JsonRpcProvider {
  override _send(asked: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const cut = [asked].flat().some(({ method }) => method === "eth_sendRawTransaction");
    return cut ? Promise.reject(new Error("the line is cut")) : super._send(asked);
  }
}

/**
 * What a kill leaves behind between storing a transaction and sending it: the last leaves are sealed, their anchor is signed
 * and in the outbox, and no node has heard of it. Position of the first of them.
 */
async function dieBeforeSending(data: string): Promise<number> {
  const opened = await openStopped(data, { databaseUrl: undefined, rpcUrl: undefined });
  const { consortium, chain, database } = opened;
  try {
    const { number, firstLeaf } = await readNextBatch(database);
    const batch = seal(number, firstLeaf, await readLeafHashes(database, firstLeaf, 1_000));
    if (!batch) throw new Error("every leaf was anchored before the server stopped");
    await insertIntent(database, batch);
    const signer = new Wallet(toHex(readAccountKey(join(data, "keys/sender.key"))));
    const provider = new CutLine(chain.url);
    const outbox = new Outbox({ database, provider, signer });
    const { stream } = streamOf(consortium);
    await outbox.send({
      purpose: `anchor ${number}`,
      to: consortium.contracts.AnchorLog,
      data: interfaces.AnchorLog.encodeFunctionData("anchor", [stream, number, batch.root, batch.count]) as Hex,
    });
    await outbox.close();
    provider.destroy();
    return firstLeaf;
  } finally {
    await opened.close();
  }
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await holds());) {
    if (Date.now() > deadline) throw new Error(`It did not happen within 30 s that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
