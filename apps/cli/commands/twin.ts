import type { Command } from "commander";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import { readDeviceModel, segmentsMask, type DeviceModel } from "../../../protocol/device-model.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import type { Manifest } from "../../../protocol/manifest.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import type { Purpose } from "../../../protocol/words.ts";
import type { HistoryPage, HistoryReading } from "../../sdk/answers.ts";
import type { Client } from "../../sdk/client.ts";
import {
  dataOption,
  stewardOption,
  takeCount,
  takeId,
  takeNames,
  takePurpose,
  takeTime,
  urlOption,
} from "../options.ts";
import { printJson, printTable, shortId, timeOf } from "../print.ts";
import { seenByServer } from "../seen-by-server.ts";
import { asSteward, openClient } from "../server.ts";
import { addLookCommands } from "../twin-look.ts";

export function addTwinCommand(program: Command): void {
  const twin = program.command("twin").description("scoped twins: make one, list yours, read one");
  addNew(twin);
  addList(twin);
  addRead(twin);
  addLookCommands(twin);
}

function addNew(twin: Command): void {
  twin
    .command("new")
    .description("make a scoped twin of a device's open assignment: a cut of its segments")
    .requiredOption("--device <id>", "the device", takeId)
    .requiredOption("--segments <names>", "what it shows, for example heart,spo2", takeNames)
    .option("--name <name>", "its name in the manifest", "twin")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(
      async (options: {
        device: Hex;
        segments: string[];
        name: string;
        stewardKey: string;
        url: string;
        json?: boolean;
      }) => {
        const id = await createTwin(options);
        if (options.json) printJson({ twin: id });
        else console.log(id);
      },
    );
}

/** Makes a twin: the manifest becomes known to the server, then its hash and segments stand on the chain. */
export async function createTwin(plan: {
  url: string;
  device: Hex;
  segments: readonly string[];
  name: string;
  stewardKey: string;
}): Promise<Hex> {
  const client = openClient(plan.url, plan.stewardKey);
  const model = await modelOf(client, plan.device);
  const manifest: Manifest = {
    format: "manifest@1",
    name: plan.name,
    model: modelHash(model),
    segments: plan.segments,
    resolution: "raw",
    delay: 0,
    commands: [],
  };
  const mask = segmentsMask(model, plan.segments);
  await client.postDocument(manifest);
  const id = await asSteward(client, plan.stewardKey, async (steward) =>
    steward.createTwin(plan.device, manifest, mask),
  );
  await seenByServer("the twin", async () => (await client.twins()).some(({ twin }) => twin === id));
  return id;
}

/** The device model that a device is registered with. */
async function modelOf(client: Client, device: Hex): Promise<DeviceModel> {
  const { devices } = await client.devices();
  const known = devices.find(({ id }) => id === device);
  if (known === undefined) throw new TwinwardError("DEVICE_UNKNOWN", { device });
  return readDeviceModel(await client.document(known.modelHash));
}

function addList(twin: Command): void {
  twin
    .command("list")
    .description("the twins that the chain connects with a reader or steward")
    .requiredOption("--key <file>", "the reader's key")
    .addOption(urlOption())
    .action(async (options: { key: string; url: string; json?: boolean }) => {
      const twins = await openClient(options.url, options.key).twins();
      if (options.json) return printJson(twins);
      const rows = twins.map((one) => [
        one.twin,
        shortId(one.device),
        one.ended ? "ended" : "open",
        String(one.grants.filter(({ revoked }) => !revoked).length),
      ]);
      printTable(["twin", "device", "state", "grants"], rows);
    });
}

interface ReadOptions {
  readonly key: string;
  readonly purpose?: Purpose;
  readonly since?: number;
  readonly until?: number;
  readonly last: number;
  readonly receipt?: string;
  readonly url: string;
  readonly json?: boolean;
}

function addRead(twin: Command): void {
  twin
    .command("read")
    .description("read a twin's history; every read is decided and recorded before the first byte leaves")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--key <file>", "the reader's key (npx twinward key new FILE)")
    .option("--purpose <purpose>", "may be left out where the grant has just one", takePurpose)
    .option("--since <time>", "from this time on (ISO 8601, ms, or like -1h)", takeTime)
    .option("--until <time>", "before this time", takeTime)
    .option("--last <count>", "how many of the newest readings are printed", takeCount, 12)
    .option("--receipt <file>", "write the receipt of the newest anchored reading: what 'verify' takes")
    .addOption(urlOption())
    .action(readTwin);
}

async function readTwin(twin: Hex, options: ReadOptions): Promise<void> {
  const client = openClient(options.url, options.key);
  const { purpose, since, until } = options;
  const asked = {
    ...(purpose === undefined ? {} : { purpose }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  const pages: HistoryPage[] = [];
  for await (const page of client.pages(twin, asked)) pages.push(page);
  // The newest decision's: a device may be quarantined between two pages, or a grant end.
  const { segments, distrusted, device } = pages.at(-1) as HistoryPage;
  const readings = pages.flatMap((page) => page.readings);
  if (options.receipt !== undefined) await writeReceipt(client, twin, readings, options.receipt, purpose);
  if (options.json) return printJson({ twin, device, segments, distrusted, readings });
  if (distrusted)
    console.log(
      `! distrusted: verdict ${distrusted.verdict ?? "unknown"} quarantined this device; use these values with care`,
    );
  printReadings(segments, readings.slice(-options.last));
  console.log(`${readings.length} readings of ${shortId(device)}, for ${shortId(twin)}`);
}

/** The newest values of each reading, a column per segment. */
function printReadings(segments: readonly string[], readings: readonly HistoryReading[]): void {
  const rows = readings.map((one) => {
    const { disclosures } = parsePresentation(one.reading);
    const cells = segments.map((name) => {
      const found = disclosures.find(({ segment }) => segment === name);
      const value = found?.v.at(-1);
      return value === undefined || value === null ? "–" : `${value} ${found?.unit ?? ""}`;
    });
    return [
      String(one.sequence),
      timeOf(one.from),
      ...cells,
      { accepted: "●", sealed: "◐", anchored: "✔" }[one.state],
      one.flags.join(" "),
    ];
  });
  printTable(["sequence", "from (UTC)", ...segments, "state", "flags"], rows);
}

async function writeReceipt(
  client: Client,
  twin: Hex,
  readings: readonly HistoryReading[],
  file: string,
  purpose: Purpose | undefined,
): Promise<void> {
  const newest = readings.findLast(({ state }) => state === "anchored");
  if (newest === undefined)
    throw new TwinwardError("NOT_FOUND", {
      detail: "No reading of this stretch is anchored yet; try again in a second.",
    });
  const receipt = await client.receipt(newest.leaf, { twin, ...(purpose === undefined ? {} : { purpose }) });
  try {
    writeFileSync(file, receipt, { flag: "wx" });
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${file} cannot be created; it may exist already.` }, cause);
  }
  console.error(`receipt of reading ${newest.sequence}: ${join(file)}`);
}
