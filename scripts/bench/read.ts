/** How long a reader waits for an hour of a twin, and a stranger for the check of a receipt. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SigningKey, Wallet } from "ethers";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { connect, exportAnchors, fileSource, verifyReceipt, type HistoryPage } from "../../apps/sdk/index.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { writeReceipt } from "../../protocol/receipt.ts";
import { drawLines } from "../../apps/cli/draw-lines.ts";
import { drawFlames } from "./parts/draw-flame.ts";
import { meanRate, startMachine, type Machine } from "./parts/machine-rate.ts";
import { databasesOf, openWard, type DatabaseKind, type Ward } from "./parts/open-ward.ts";
import { quantile, rounded, spread, type Spread } from "./parts/quantile.ts";
import { readWords, say } from "./parts/read-words.ts";

const HELP = `Usage: twinward bench read [options]

How long a reader waits for an hour of a twin

  --database NAME   pglite, postgres or both (both)
  --hours N         hours that are read, each once without and once with receipts (100)
  --devices N       devices whose hours they are (4)
  --per-hour N      readings of an hour (360, every ten seconds)
  --receipts N      receipts that are verified as a stranger does (2000)
  --plot DIRECTORY  writes the spread of the times as SVG into it
  --cpu-prof DIR    each server writes a CPU profile there, drawn as a flame graph beside it
  --json            one JSON value instead of a table

Each reading has 8 segments of 10 samples; the twin shows 4 of them. Before each of the two rounds the server is started again,
and no hour is read twice: nothing is in its caches (the machine's own cache of files is warm). Five more hours of each device are
read first and not of the figure: they find nothing compiled. The time is from the request to
the last byte of the answer, and the decision on it is durable before the first. Receipts are verified by the SDK from their text,
against an anchors file that is at hand, under a checkpoint that a member signed.`;

const words = readWords(HELP, {
  database: "both",
  hours: 100,
  devices: 4,
  "per-hour": 360,
  receipts: 2_000,
  plot: "",
  "cpu-prof": "",
  json: false,
});

const databases = databasesOf(words.database);
const SEGMENTS = ["heart", "resp", "spo2", "temp"];
const HOUR_MS = 3_600_000;
/** Hours of each device that are read before the measured ones, which then find everything compiled. */
const WARM_UP = 5;

interface Figures {
  readonly database: DatabaseKind;
  readonly readings: number;
  readonly perRead: number;
  /** ES256 signatures that the machine verified a second before and after, on all cores. */
  readonly bare: number;
  /** ms. */
  readonly plain: Spread & Omit<Round, "last">;
  readonly receipts: Spread & Omit<Round, "last">;
  readonly verify: Spread;
}

const figures: (Figures | { readonly database: DatabaseKind; readonly absent: string })[] = [];
const machine = startMachine();
try {
  for (const database of databases) figures.push(await measure(database, machine));
} finally {
  await machine.close();
}
if (words["cpu-prof"] !== "") drawFlames(words["cpu-prof"], "bench read").forEach(say);
if (words.plot !== "") writePlot(words.plot, figures.filter(isMeasured));
console.log(words.json ? JSON.stringify(figures) : figures.map(table).join("\n\n"));

async function measure(database: DatabaseKind, machine: Machine): Promise<(typeof figures)[number]> {
  const profile = words["cpu-prof"];
  const hours = Math.ceil(words.hours / words.devices);
  const perDevice = (WARM_UP + hours) * words["per-hour"];
  say(`${database}: starting a server with ${words.devices} devices`);
  const ward = await openWard({
    database,
    devices: words.devices,
    perRequest: 64,
    periodMs: HOUR_MS / words["per-hour"],
    readingsPerDevice: perDevice,
    ...(profile === "" ? {} : { node: ["--cpu-prof", `--cpu-prof-dir=${profile}`] }),
  });
  if ("absent" in ward) return { database, absent: ward.absent };
  try {
    say(`${database}: ${perDevice * words.devices} readings`);
    await ward.sign(perDevice * words.devices);
    await ward.send(perDevice * words.devices);
    const wallet = new Wallet(toHex(randomBytes(32)));
    const { stewardKey, url } = ward;
    const twins: Hex[] = [];
    for (const device of ward.devices) {
      const twin = await createTwin({ url, stewardKey, device, segments: SEGMENTS, name: "bench" });
      const reader = wallet.address.toLowerCase() as Hex;
      await giveGrant({ url, stewardKey, twin, reader, purposes: ["care"], until: Date.now() + 24 * HOUR_MS });
      twins.push(twin);
    }
    await anchored(ward);
    await ward.settle();
    const read = async (receipts: boolean): Promise<Round> => {
      await ward.restart();
      say(`${database}: ${hours * twins.length} hours, ${receipts ? "with" : "without"} receipts`);
      return readHours(ward, wallet, twins, hours, receipts);
    };
    const before = await machine.rate();
    const plain = await read(false);
    const withReceipts = await read(true);
    const bare = meanRate(before, await machine.rate());
    return {
      database,
      readings: perDevice * words.devices,
      perRead: words["per-hour"],
      bare,
      plain: figuresOf(plain),
      receipts: figuresOf(withReceipts),
      verify: await verifySome(ward, withReceipts.last),
    };
  } finally {
    await ward.close();
  }
}

/** Waits until every reading is on the chain: receipts are of anchored ones only. */
async function anchored(ward: Ward): Promise<void> {
  for (const deadline = Date.now() + 120_000; ; await pause(200)) {
    const { devices } = await ward.client.devices();
    if (devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence)) return;
    if (Date.now() > deadline) throw new Error("not everything was anchored within two minutes");
  }
}

interface Round {
  readonly times: readonly number[];
  /** Of the answers, on the average. */
  readonly bytes: number;
  /** CPU that the server, its chain and its database used for a read, on the average: what a busy machine does not change. */
  readonly cpuMs: number;
  readonly last: HistoryPage;
}

async function readHours(
  ward: Ward,
  wallet: Wallet,
  twins: readonly Hex[],
  hours: number,
  receipts: boolean,
): Promise<Round> {
  const { token } = await connect({ url: ward.url, signer: wallet }).login();
  const times: number[] = [];
  let used = 0;
  let bytes = 0;
  let last: HistoryPage | undefined;
  for (let hour = 0; hour < WARM_UP + hours; hour++) {
    if (hour === WARM_UP) [times.length, bytes, used] = [0, 0, ward.cpu()];
    for (const twin of twins) {
      const since = ward.from + hour * HOUR_MS;
      const asked = new URLSearchParams({ since: String(since), until: String(since + HOUR_MS), limit: "2000" });
      if (receipts) asked.set("receipts", "true");
      const began = performance.now();
      const response = await fetch(`${ward.url}/v1/twins/${twin}/history?${asked.toString()}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const text = await response.text();
      times.push(rounded(performance.now() - began, 2));
      if (!response.ok) throw new Error(`the server answered ${response.status}: ${text}`);
      last = JSON.parse(text) as HistoryPage;
      const full = last.readings.filter((one) => !receipts || one.receipt);
      if (full.length !== words["per-hour"]) throw new Error(`an hour has ${full.length} readings`);
      bytes += text.length;
    }
  }
  if (last === undefined) throw new Error("nothing was read");
  const cpuMs = rounded((1000 * (ward.cpu() - used)) / times.length, 1);
  return { times, bytes: Math.round(bytes / times.length), cpuMs, last };
}

function figuresOf({ times, bytes, cpuMs }: Round): Figures["plain"] {
  return { ...spread(times), times, bytes, cpuMs };
}

/** Verifies receipts as a stranger does: from their text, offline. */
async function verifySome(ward: Ward, page: HistoryPage): Promise<Spread> {
  const consortium = await ward.client.consortium();
  const [member] = consortium.members;
  if (member === undefined) throw new Error("the consortium has no member");
  const key = new SigningKey(readAccountKey(ward.memberKey));
  const sign = (digest: Uint8Array): Hex => key.sign(digest).serialized as Hex;
  const source = fileSource(
    await exportAnchors(ward.rpc, consortium, { member: member.name, signer: member.signer, sign }),
  );
  const texts = page.readings.flatMap(({ receipt }) => (receipt ? [writeReceipt(receipt)] : []));
  const times: number[] = [];
  for (let i = 0; i < words.receipts; i++) {
    const began = performance.now();
    const { checks } = await verifyReceipt(texts[i % texts.length], { consortium, source });
    times.push(performance.now() - began);
    const wrong = checks.find(({ result }) => result !== "passed");
    if (wrong) throw new Error(`a receipt did not pass: ${wrong.name}, ${wrong.detail}`);
  }
  return { ...spread(times), p50: rounded(quantile(times, 0.5), 3) };
}

function isMeasured(one: object): one is Figures {
  return "plain" in one;
}

function table(one: (typeof figures)[number]): string {
  if ("absent" in one) return `${one.database}: not measured, ${one.absent}`;
  const times = ({ p50, p99, p999, most, count }: Spread): string => `${p50}, ${p99}, ${p999}, ${most} ms of ${count}`;
  const rows: [string, string][] = [
    [`${one.database}, ${one.readings} readings stored`, ""],
    [
      `${one.perRead} readings: p50, p99, p99.9, most`,
      `${times(one.plain)}; ${one.plain.cpuMs} ms of CPU, ${one.plain.bytes} bytes`,
    ],
    ["the same with receipts", `${times(one.receipts)}; ${one.receipts.cpuMs} ms of CPU, ${one.receipts.bytes} bytes`],
    ["a receipt verified by the SDK", times(one.verify)],
    ["bare ES256 on the same cores, before and after", `${one.bare} /s`],
  ];
  return rows.map(([what, figure]) => `${what.padEnd(48)}${figure}`.trimEnd()).join("\n");
}

function writePlot(directory: string, measured: readonly Figures[]): void {
  mkdirSync(directory, { recursive: true });
  const shares = Array.from({ length: 100 }, (_, i) => (i + 1) / 100);
  const line = (name: string, times: readonly number[]) => ({
    name,
    points: shares.map((share) => [100 * share, quantile(times, share)] as const),
  });
  const lines = measured.flatMap(({ database, plain, receipts }) => [
    line(database, plain.times),
    line(`${database}, receipts`, receipts.times),
  ]);
  const title = `A read of ${words["per-hour"]} readings, nothing cached: how many percent took at most so long`;
  writeFileSync(join(directory, "read.svg"), drawLines({ title, x: "percent of the reads", y: "ms", lines }));
}
