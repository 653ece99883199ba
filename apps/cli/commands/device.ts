import { dirname, join } from "node:path";
import type { Command } from "commander";
import cliProgress from "cli-progress";
import { modelHash, readDeviceModel, type DeviceModel } from "../../../protocol/device-model.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { parseStrict } from "../../../protocol/json.ts";
import { createDeviceFile, deviceKey, nameDevice, readDeviceFile, type DeviceFile } from "../device-file.ts";
import { countRows, mapRows, readColumnMap } from "../map-rows.ts";
import { dataOption, readText, stewardOption, takeCount, takeTime, urlOption } from "../options.ts";
import { MARKS, printJson, printTable, shortId, timeOf } from "../print.ts";
import { registerDevice } from "../register-device.ts";
import { replayRows, type TimedRow } from "../replay-rows.ts";
import { openClient } from "../server.ts";
import { addBridge } from "./device-bridge.ts";
import { addEquivocation } from "./equivocation.ts";

export function addDeviceCommand(program: Command): void {
  const device = program.command("device").description("make, register, list, certify and play devices");
  addNew(device);
  addRegister(device);
  addList(device);
  addBridge(device);
  addCheck(device);
  addEquivocation(device);
  addReplay(device);
}

function addNew(device: Command): void {
  device
    .command("new <file>")
    .description("make a device's P-256 key in a new 0600 file")
    .requiredOption("--model <file>", "its device-model@1, for example lab/models/monitor.json")
    .action((file: string, options: { model: string; json?: boolean }) => {
      const made = createDeviceFile(file, readModel(options.model));
      if (options.json) printJson({ file, model: made.model.name });
      else console.log(`${file}: a key for a ${made.model.name}. Next: npx twinward device register ${file}`);
    });
}

function readModel(file: string): DeviceModel {
  return readDeviceModel(parseStrict(readText(file)));
}

function addRegister(device: Command): void {
  device
    .command("register <file>")
    .description("register a device's key on the chain, begin its assignment, make its security twin")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (file: string, options: { stewardKey: string; url: string; json?: boolean }) => {
      const known = readDeviceFile(file);
      if (known.device !== undefined)
        throw new TwinwardError("UNUSABLE_INPUT", { detail: `${file} is registered already, as ${known.device}.` });
      const registered = await registerDevice(openClient(options.url, options.stewardKey), options.stewardKey, {
        key: deviceKey(known),
        model: known.model,
      });
      nameDevice(file, known, registered.device);
      if (options.json) printJson(registered);
      else {
        console.log(`device         ${registered.device}`);
        console.log(`assignment     ${registered.assignment}`);
        console.log(`security twin  ${registered.securityTwin}`);
      }
    });
}

function addList(device: Command): void {
  device
    .command("list")
    .description("the server's devices: state, last sequence, how far anchored")
    .option("--key <file>", "your key, for a server that tells of devices only whoever has signed in (FLEET)")
    .addOption(urlOption())
    .action(async (options: { url: string; key?: string; json?: boolean }) => {
      const { devices } = await openClient(options.url, options.key).devices();
      if (options.json) return printJson(devices);
      if (devices.length === 0)
        return console.log(
          "No device is registered yet. First: npx twinward device new FILE --model lab/models/monitor.json",
        );
      const rows = devices.map((one) => [
        shortId(one.id),
        one.model ?? "?",
        one.unwatched && one.state !== "retired" ? `${one.state}, unwatched` : one.state,
        String(one.sequence),
        one.acceptedAt === null ? "never" : timeOf(one.acceptedAt),
        one.anchoredSequence >= one.sequence ? "all" : `up to ${one.anchoredSequence}`,
      ]);
      printTable(["device", "model", "state", "last sequence", "accepted (UTC)", "anchored"], rows);
      if (devices.some(({ unwatched, state }) => unwatched && state !== "retired"))
        console.log(
          "unwatched: no oracle can judge it; its security twin is missing or hides what its model wants judged.",
        );
    });
}

function addCheck(device: Command): void {
  device
    .command("check <file>")
    .description("say what is wrong with a reading (an SD-JWT in a file, or - for standard input); stores nothing")
    .addOption(urlOption())
    .action(async (file: string, options: { url: string; json?: boolean }) => {
      const report = await openClient(options.url).checkReading(readText(file).trim());
      if (options.json) printJson(report);
      else {
        for (const { name, result, detail } of report.checks)
          console.log(`${MARKS[result]} ${name.padEnd(16)}  ${detail}`);
        console.log(report.code === null ? "It would be accepted." : `It would be refused: ${report.code}.`);
      }
      process.exitCode = report.outcome === "passed" ? 0 : 1;
    });
}

interface ReplayOptions {
  readonly csv: string;
  readonly map: string;
  readonly device?: string;
  readonly time?: string;
  readonly start?: number;
  readonly every: number;
  readonly acks?: string;
  readonly patience: number;
  readonly stewardKey: string;
  readonly data: string;
  readonly url: string;
  readonly json?: boolean;
}

function addReplay(device: Command): void {
  device
    .command("replay")
    .description("send the rows of a CSV as signed readings, in order")
    .requiredOption("--csv <file>", "the rows")
    .requiredOption("--map <file>", "map@1: which column is which segment (see test/maps/monitor.json)")
    .option("--device <file>", "a registered device's file; without it a new device is made and registered")
    .option("--time <column>", "the column that says when a row was measured")
    .option(
      "--start <time>",
      "when the first row was measured; without --time and --start the last row is now",
      takeTime,
    )
    .option("--every <ms>", "time between two rows, ms", takeCount, 1000)
    .option("--acks <file>", "append every ack, one a line: what 'audit --acks' holds against the server")
    .option("--patience <seconds>", "how long a silent server is waited for", takeCount, 120)
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (options: ReplayOptions) => {
      if (options.time !== undefined && options.start !== undefined)
        throw new TwinwardError("UNUSABLE_INPUT", { detail: "Name --time or --start, not both." });
      if (options.every === 0) throw new TwinwardError("UNUSABLE_INPUT", { detail: "--every is at least 1 ms." });
      await replay(options);
    });
}

async function replay(options: ReplayOptions): Promise<void> {
  const map = readColumnMap(options.map);
  const client = openClient(options.url);
  // Every row is looked at before the first is sent: nothing is registered for a file that cannot be used.
  const rows = await countRows(options.csv, timed(mapRows(options.csv, map, options.time), options, 0));
  const device = await deviceToPlay(options, map.model);
  const start = options.start ?? Date.now() - rows * options.every;
  const bar = new cliProgress.SingleBar(
    {
      format: "readings {bar} {value}/{total} accepted, {eta_formatted} left",
      noTTYOutput: false,
      stream: process.stderr,
    },
    cliProgress.Presets.shades_classic,
  );
  if (!options.json && process.stderr.isTTY) bar.start(rows, 0);
  const started = performance.now();
  const replayed = await replayRows(timed(mapRows(options.csv, map, options.time), options, start), {
    device: device.known,
    journalDirectory: join(dirname(device.file), "journals"),
    post: (readings) => client.postReadings(readings),
    patienceMs: options.patience * 1000,
    acksFile: options.acks,
    progress: (accepted) => bar.update(accepted),
  }).finally(() => bar.stop());
  const seconds = (performance.now() - started) / 1000;
  const refused = Object.fromEntries(replayed.refused);
  if (options.json)
    printJson({ device: device.known.device, file: device.file, rows, accepted: replayed.accepted, refused, seconds });
  else {
    console.log(`device ${device.known.device} (${device.file})`);
    console.log(
      `${replayed.accepted} of ${replayed.sent} readings accepted in ${seconds.toFixed(1)} s (${Math.round(replayed.sent / seconds)} readings/s)`,
    );
    for (const [code, count] of replayed.refused) console.log(`  refused ${count}: ${code}`);
  }
  process.exitCode = replayed.refused.size === 0 ? 0 : 1;
}

type Playable = DeviceFile & { readonly device: NonNullable<DeviceFile["device"]> };

async function deviceToPlay(options: ReplayOptions, model: DeviceModel): Promise<{ file: string; known: Playable }> {
  if (options.device !== undefined) {
    const known = readDeviceFile(options.device);
    if (known.device === undefined)
      throw new TwinwardError("UNUSABLE_INPUT", {
        detail: `${options.device} is not registered. First: npx twinward device register ${options.device}`,
      });
    if (modelHash(known.model) !== modelHash(model))
      throw new TwinwardError("MODEL_UNEXPECTED", {
        detail: `The map is for ${model.name}, the device is a ${known.model.name}.`,
      });
    return { file: options.device, known: { ...known, device: known.device } };
  }
  const file = join(options.data, "devices", `replay-${Date.now()}.json`);
  const made = createDeviceFile(file, model);
  const { device } = await registerDevice(openClient(options.url, options.stewardKey), options.stewardKey, {
    key: deviceKey(made),
    model,
  });
  return { file, known: { ...nameDevice(file, made, device), device } };
}

/** Gives each row its period: from its time to the next row's at the latest, `every` long at most. */
async function* timed(
  rows: ReturnType<typeof mapRows>,
  options: ReplayOptions,
  start: number,
): AsyncGenerator<TimedRow> {
  for await (const row of rows) {
    const from =
      row.time === undefined ? start + (row.number - 1) * options.every : timeOfRow(row.time, options, row.number);
    yield { row, per: [from, from + options.every] };
  }
}

function timeOfRow(text: string, { time, csv }: ReplayOptions, number: number): number {
  const ms = /^\d{9,11}$/.test(text) ? Number(text) * 1000 : /^\d{12,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isSafeInteger(ms) || ms < 0)
    throw new TwinwardError("UNUSABLE_INPUT", {
      detail: `${csv} row ${number}: column ${time ?? ""} has no time: ${text}`,
    });
  return ms;
}
