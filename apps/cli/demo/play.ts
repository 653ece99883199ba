import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Hex } from "../../../protocol/bytes.ts";
import { readDeviceModel, type DeviceModel } from "../../../protocol/device-model.ts";
import { es256Signer } from "../../../protocol/es256.ts";
import { parseStrict } from "../../../protocol/json.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import type { Purpose } from "../../../protocol/words.ts";
import { connectMqtt } from "../../../lab/transports/mqtt.ts";
import { createWard, runWard, startFalseData, type Ward } from "../../../lab/ward.ts";
import type { HistoryPage, HistoryReading } from "../../sdk/answers.ts";
import type { Client } from "../../sdk/client.ts";
import { bindSubject, setConsent } from "../commands/consent.ts";
import { giveGrant } from "../commands/grant.ts";
import { createTwin } from "../commands/twin.ts";
import { createDeviceFile, deviceKey, nameDevice } from "../device-file.ts";
import { createAccountKey } from "../key-file.ts";
import { shortId } from "../print.ts";
import { registerDevice } from "../register-device.ts";
import { openClient } from "../server.ts";
import { denialOf, say, step, until } from "./parts.ts";
import { playAsking } from "./play-asking.ts";
import { playErasure } from "./play-erasure.ts";
import { playGlass } from "./play-glass.ts";
import { NOISED, playSideBySide } from "./play-side-by-side.ts";
import { runCommand, startServerProcess, type ServerProcess } from "./server-process.ts";

const MODEL = fileURLToPath(new URL("../../../lab/models/monitor.json", import.meta.url));
const HOUR_MS = 3_600_000;
const READINGS_FIRST = 12;
const VERDICT_WITHIN_MS = 90_000;
/** What the attacker adds to the heart rate, /min. */
const FALSE_HEART = 40;

/** The three roads once, on a server of its own. Throws at the first thing that is not as it should be. */
export async function playDemo(data: string): Promise<void> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  step("Everything on one machine: chain, gateway, anchors, four oracles");
  const server = await startServerProcess(join(data, "server"));
  try {
    say(`console ${server.http}   MQTT ${server.mqtt}   JSON-RPC ${server.rpc}`);
    await playRoads(server, data);
  } finally {
    await server.close();
  }
  console.log(`\nAll three roads work. Everything is left in ${data}`);
}

async function playRoads(server: ServerProcess, data: string): Promise<void> {
  const stewardKey = join(data, "server/keys/steward.key");
  const model = readDeviceModel(parseStrict(readFileSync(MODEL, "utf8")));

  step("Integrity: a bedside monitor signs what it measures");
  const bed = await layMonitor(openClient(server.http), server, { data, stewardKey, model });
  const over = new AbortController();
  const living = runWard(bed.ward, () => bed.transport, {
    signal: over.signal,
    heard: (_, answer) => {
      if (!isRefusal(answer) && !("held" in answer)) bed.acceptedAt.set(answer.sequence, answer.acceptedAt);
    },
  });
  let clinician: Reader;
  try {
    clinician = await playOnWard(server, bed, { data, stewardKey, model });
  } finally {
    over.abort();
    await living;
    await bed.transport.close();
  }
  await playErasure(data, bed.device, clinician);
}

/** What needs a device that goes on measuring; the clinician who was given a grant. */
async function playOnWard(
  server: ServerProcess,
  { device, ward, acceptedAt }: Bed,
  plan: { data: string; stewardKey: string; model: DeviceModel },
): Promise<Reader> {
  const client = openClient(server.http);
  const { data, stewardKey } = plan;
  say(`device ${shortId(device)} is registered, with a security twin that only oracles read`);
  await until("the first readings are anchored", () => isAnchored(client, device, READINGS_FIRST));
  say(`${READINGS_FIRST} readings signed, acked, and anchored as batches on the chain`);

  step("Access: twins of one device, each reader gets the one it was granted");
  const readers = await grantReaders({ url: server.http, device, ...plan });
  await agree(server.http, device, data, stewardKey, readers);
  const family = await playAsking({ url: server.http, data, stewardKey, twin: readers.clinician.twin });
  await playSideBySide({ ...readers, family });
  const glass = { url: server.http, server: join(data, "server"), stewardKey, device, model: plan.model };
  await playGlass(glass);
  await leaveReceipt(server, readers.clinician, data);

  step("Detection: somebody falsifies the heart rate");
  const [monitor] = ward.monitors;
  if (monitor) startFalseData(monitor, { segment: "heart", kind: "offset", amount: FALSE_HEART, from: Date.now() });
  const began = Date.now();
  say(`the heart rate is now reported ${FALSE_HEART}/min too high, signed by the device itself`);
  const verdict = await until("a quorum of oracles agrees", () => verdictOn(client, device), VERDICT_WITHIN_MS);
  const since = (ms: number): string => ((Date.now() - ms) / 1000).toFixed(1);
  say(
    `verdict ${shortId(verdict.digest)} on chain after ${since(began)} s: ${verdict.kind}, severity ${verdict.severity}, by ${countBits(verdict.signers)} of 4 oracles`,
  );
  const decided = acceptedAt.get(verdict.lastSequence);
  if (decided === undefined) throw new Error("The verdict names a reading that was not acked.");
  say(`${since(decided)} s after the reading that decided it, #${verdict.lastSequence}, was accepted`);
  await showConsequences(readers);
  await withdraw(server.http, data, readers.researcher);
  return readers.clinician;
}

interface Bed {
  readonly device: Hex;
  readonly ward: Ward;
  readonly transport: Awaited<ReturnType<typeof connectMqtt>>;
  /** When the gateway accepted each reading, by sequence, ms. */
  readonly acceptedAt: Map<number, number>;
}

async function layMonitor(
  client: Client,
  server: ServerProcess,
  plan: { data: string; stewardKey: string; model: DeviceModel },
): Promise<Bed> {
  const file = join(plan.data, "monitor.json");
  const made = createDeviceFile(file, plan.model);
  const key = deviceKey(made);
  const { device } = await registerDevice(client, plan.stewardKey, { key, model: plan.model });
  nameDevice(file, made, device);
  const { chainId, contracts } = await client.consortium();
  const identity = { device, kid: made.number, key };
  const ward = createWard({
    monitors: [identity],
    seed: "demo",
    start: Date.now(),
    salt: () => randomBytes(16),
    disturbances: 0,
    directory: join(plan.data, "journals"),
  });
  const transport = await connectMqtt({
    url: server.mqtt,
    device,
    kid: made.number,
    sign: es256Signer(key),
    chainId,
    registry: contracts.DeviceRegistry,
    now: () => Date.now(),
  });
  return { device, ward, transport, acceptedAt: new Map() };
}

interface Reader {
  readonly name: string;
  readonly client: Client;
  readonly address: Hex;
  readonly twin: Hex;
  readonly purpose: Purpose;
}

interface Readers {
  readonly clinician: Reader;
  readonly researcher: Reader;
}

type Cut = { readonly segments: readonly string[] } & Partial<Omit<typeof NOISED, "segments">>;

async function grantReaders(plan: {
  url: string;
  device: Hex;
  data: string;
  stewardKey: string;
  model: DeviceModel;
}): Promise<Readers> {
  const { url, device, data, stewardKey, model } = plan;
  const give = async (name: string, cut: Cut, purpose: Purpose): Promise<Reader> => {
    const keyFile = join(data, `${name}.key`);
    const reader = createAccountKey(keyFile);
    const twin = await createTwin({ url, device, ...cut, name, stewardKey });
    await giveGrant({ url, twin, reader, purposes: [purpose], until: Date.now() + HOUR_MS, stewardKey });
    const how = cut.noise ? "as noised means" : "as it comes";
    say(`${name}: twin ${shortId(twin)} shows ${cut.segments.join(", ")} ${how}; granted for ${purpose}, for one hour`);
    return { name, client: openClient(url, keyFile), address: reader, twin, purpose };
  };
  return {
    clinician: await give("clinician", { segments: model.segments.map(({ name }) => name) }, "care"),
    researcher: await give("researcher", NOISED, "research"),
  };
}

/** Research needs the consent of whose data it is: first there is none, then there is. */
async function agree(
  url: string,
  device: Hex,
  data: string,
  stewardKey: string,
  { researcher }: Readers,
): Promise<void> {
  say(`researcher: denied, ${await denialOf(researcher)}: nobody has agreed yet`);
  const key = join(data, "subject.key");
  createAccountKey(key);
  const { subject } = await bindSubject({ url, device, subjectKey: key, stewardKey });
  await setConsent({ url, twin: researcher.twin, reader: researcher.address, purposes: ["research"], key });
  say(`subject ${shortId(subject)}, bound by its own signature, agrees to research by this reader`);
}

async function withdraw(url: string, data: string, { twin, address: reader, ...rest }: Reader): Promise<void> {
  await setConsent({ url, twin, reader, purposes: [], key: join(data, "subject.key") });
  const denied = await denialOf({ twin, ...rest });
  if (denied !== "CONSENT_MISSING") throw new Error(`After the withdrawal research is denied otherwise: ${denied}.`);
  say(`subject:    withdraws its consent; the researcher is denied, ${denied}, quarantined or not`);
}

async function readPage({ client, twin, purpose }: Reader): Promise<HistoryPage> {
  return client.history(twin, { purpose, limit: 200 });
}

function valuesOf(reading: HistoryReading): string {
  return parsePresentation(reading.reading)
    .disclosures.map(({ segment, unit, v }) => `${segment} ${v.at(-1) ?? "–"} ${unit}`)
    .join(" · ");
}

async function leaveReceipt(
  server: ServerProcess,
  { client, twin, purpose, name }: Reader,
  data: string,
): Promise<void> {
  step("Proof: a receipt that a stranger verifies, offline");
  const anchored = await until("a reading is anchored", async () =>
    (await client.history(twin, { purpose, limit: 200 })).readings.findLast(({ state }) => state === "anchored"),
  );
  const [receipt, anchors, trust] = ["receipt.json", "anchors.json", "consortium.json"].map((file) =>
    join(data, file),
  ) as [string, string, string];
  writeFileSync(receipt, await client.receipt(anchored.leaf, { twin, purpose }));
  writeFileSync(trust, readFileSync(join(data, "server/consortium.json")));
  const keyFile = join(data, "server/keys/member.key");
  const exported = await runCommand([
    "anchors",
    "export",
    "--rpc",
    server.rpc,
    "--trust",
    trust,
    "--key",
    keyFile,
    "--out",
    anchors,
  ]);
  if (exported.code !== 0) throw new Error(`The anchors were not exported: ${exported.output}`);
  const words = ["verify", receipt, "--trust", trust, "--anchors", anchors];
  const verified = await runCommand(words);
  for (const line of verified.output.trim().split("\n")) say(line);
  if (verified.code !== 0) throw new Error(`The receipt of ${name} did not verify: exit ${verified.code}`);
  say(`again, in a cold process:\n\n     npx twinward ${words.join(" ")}\n`);
}

async function showConsequences({ clinician, researcher }: Readers): Promise<void> {
  const denied = await until("research is denied", () => denialOf(researcher));
  if (denied !== "DEVICE_QUARANTINED") throw new Error(`Research is denied for another reason: ${denied}.`);
  say(`researcher: denied, ${denied}`);
  const page = await readPage(clinician);
  const labelled = page.readings.filter(({ flags }) => flags.includes("distrusted")).length;
  if (page.distrusted === null || labelled === 0 || labelled < page.readings.length)
    throw new Error("The clinician's values are not all labelled.");
  const [last] = page.readings.slice(-1);
  say(`clinician:  still reads, every value labelled distrusted by verdict ${shortId(page.distrusted.verdict ?? "")}`);
  if (last) say(`            #${last.sequence} ${valuesOf(last)}`);
}

async function isAnchored(client: Client, device: Hex, count: number): Promise<true | undefined> {
  const { devices } = await client.devices();
  return devices.some(({ id, anchoredSequence }) => id === device && anchoredSequence >= count) || undefined;
}

async function verdictOn(client: Client, device: Hex) {
  return (await client.verdicts({ device })).find(({ kind }) => kind === "quarantine");
}

const countBits = (mask: number): number => mask.toString(2).replaceAll("0", "").length;
