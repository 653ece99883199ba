import type { Command } from "commander";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import { readDeviceModel, segmentsMask, type DeviceModel } from "../../../protocol/device-model.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { parseStrict } from "../../../protocol/json.ts";
import { readManifest, type Manifest } from "../../../protocol/manifest.ts";
import { Shape } from "../../../protocol/shape.ts";
import type { Purpose } from "../../../protocol/words.ts";
import type { HistoryPage, HistoryReading, HistoryRelease } from "../../sdk/answers.ts";
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
import { addExportCommand } from "./export.ts";
import { followTwin } from "../follow-twin.ts";
import { cellsOfReading, cellsOfRelease } from "../twin-cells.ts";
import { printJson, printTable, shortId, timeOf } from "../print.ts";
import { seenByServer } from "../seen-by-server.ts";
import { actAs, openClient } from "../server.ts";
import { addLookCommands } from "../twin-look.ts";

export function addTwinCommand(program: Command): void {
  const twin = program.command("twin").description("scoped twins: make one, list yours, read one");
  addNew(twin);
  addList(twin);
  addRead(twin);
  addExportCommand(twin);
  addLookCommands(twin);
}

function addNew(twin: Command): void {
  twin
    .command("new")
    .description("make a scoped twin of a device's open assignment: a cut of its segments")
    .requiredOption("--device <id>", "the device", takeId)
    .option("--segments <names>", "what it shows as the device sent it, for example heart,spo2", takeNames)
    .option("--manifest <file>", "or a manifest@1 that says what and how; format and model may be left out")
    .option("--name <name>", "its name in the manifest, where no file says it")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(
      async (options: {
        device: Hex;
        segments?: string[];
        manifest?: string;
        name?: string;
        stewardKey: string;
        url: string;
        json?: boolean;
      }) => {
        const { segments, manifest: file, name } = options;
        if ((segments === undefined) === (file === undefined))
          throw new TwinwardError("UNUSABLE_INPUT", { detail: "Name --segments or a --manifest, one of the two." });
        const cut = file === undefined ? { segments } : readCut(file);
        const id = await createTwin({ ...options, ...cut, ...(name === undefined ? {} : { name }) });
        if (options.json) printJson({ twin: id });
        else console.log(id);
      },
    );
}

const MEMBERS = ["format", "name", "model", "segments", "resolution", "delay", "noise", "commands"] as const;

/** What a file says of a manifest; held against the format when all of it is there. */
function readCut(file: string): object {
  let value: unknown;
  try {
    value = parseStrict(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_MANIFEST", { detail: `${file} cannot be read as JSON.` }, cause);
  }
  const found = new Shape("UNUSABLE_MANIFEST", value).members([], MEMBERS);
  return Object.fromEntries(Object.entries(found).map(([name, shape]) => [name, shape.value]));
}

/**
 * Makes a twin: the manifest becomes known to the server, then its hash and segments stand on the chain. Members of a manifest
 * that are left out are those of a raw twin without delay and commands.
 */
export async function createTwin(
  plan: { url: string; device: Hex; stewardKey: string } & Partial<Record<keyof Manifest, unknown>>,
): Promise<Hex> {
  const { url, device, stewardKey } = plan;
  const client = openClient(url, stewardKey);
  const model = await modelOf(client, device);
  const hash = modelHash(model);
  const { format = "manifest@1", name = "twin", segments, resolution = "raw", delay = 0, noise, commands = [] } = plan;
  const drawn = noise === undefined ? {} : { noise };
  const manifest = readManifest({
    ...{ format, name, model: plan.model ?? hash, segments, resolution, delay, commands },
    ...drawn,
  });
  if (manifest.model !== hash)
    throw new TwinwardError("MODEL_UNEXPECTED", { detail: `The manifest is of another model than ${model.name}.` });
  const mask = segmentsMask(model, manifest.segments);
  await client.postDocument(manifest);
  const id = await actAs(client, stewardKey, async (steward) => steward.createTwin(device, manifest, mask));
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
  readonly follow?: boolean;
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
    .option("--follow", "and go on with what comes, until Ctrl-C")
    .option("--receipt <file>", "write the receipt of the newest anchored reading: what 'verify' takes")
    .addOption(urlOption())
    .action(readTwin);
}

async function readTwin(twin: Hex, options: ReadOptions): Promise<void> {
  const client = openClient(options.url, options.key);
  const { purpose, since, until } = options;
  if (options.follow && (until !== undefined || options.receipt !== undefined))
    throw new TwinwardError("UNUSABLE_INPUT", { detail: "--follow goes with neither --until nor --receipt." });
  if (options.follow) return followTwin(client, twin, options);
  const asked = {
    ...(purpose === undefined ? {} : { purpose }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  const pages: HistoryPage[] = [];
  for await (const page of client.pages(twin, asked)) pages.push(page);
  // The newest decision's: a device may be quarantined between two pages, or a grant end.
  const { segments, distrusted, device } = pages.at(-1) as HistoryPage;
  const { transform, withheld } = pages.at(-1) as HistoryPage;
  const readings = pages.flatMap((page) => page.readings);
  const releases = pages.flatMap((page) => page.releases ?? []);
  const shown = transform ? releases : readings;
  if (options.receipt !== undefined) await writeReceipt(client, twin, shown, options.receipt, purpose);
  if (options.json)
    return printJson({
      twin,
      device,
      segments,
      distrusted,
      readings,
      ...(transform ? { transform, releases, withheld } : {}),
    });
  if (distrusted)
    console.log(
      `! distrusted: verdict ${distrusted.verdict ?? "unknown"} quarantined this device; use these values with care`,
    );
  if (withheld)
    console.log(`! nothing is released from ${timeOf(withheld.from)} on: the budget of this assignment is spent`);
  if (transform) printReleases(segments, releases.slice(-options.last));
  else printReadings(segments, readings.slice(-options.last));
  const what = transform ? `releases, one for ${transform.resolution.interval} s,` : "readings";
  console.log(`${shown.length} ${what} of ${shortId(device)}, for ${shortId(twin)}`);
}

/** What is told of each interval, a column per segment. */
function printReleases(segments: readonly string[], releases: readonly HistoryRelease[]): void {
  const rows = releases.map((one) => cellsOfRelease(segments, one));
  printTable(["from (UTC)", "readings", ...segments, "state", "flags"], rows);
}

/** The newest values of each reading, a column per segment. */
function printReadings(segments: readonly string[], readings: readonly HistoryReading[]): void {
  const rows = readings.map((one) => cellsOfReading(segments, one));
  printTable(["sequence", "from (UTC)", ...segments, "state", "flags"], rows);
}

async function writeReceipt(
  client: Client,
  twin: Hex,
  shown: readonly Pick<HistoryReading | HistoryRelease, "leaf" | "sequence" | "state">[],
  file: string,
  purpose: Purpose | undefined,
): Promise<void> {
  const newest = shown.findLast(({ state }) => state === "anchored");
  if (newest === undefined)
    throw new TwinwardError("NOT_FOUND", {
      detail: "Nothing of this stretch is anchored yet; try again in a second.",
    });
  const receipt = await client.receipt(newest.leaf, { twin, ...(purpose === undefined ? {} : { purpose }) });
  try {
    writeFileSync(file, receipt, { flag: "wx" });
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${file} cannot be created; it may exist already.` }, cause);
  }
  console.error(`receipt of number ${newest.sequence}: ${join(file)}`);
}
