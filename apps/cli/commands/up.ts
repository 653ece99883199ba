import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { Running } from "../../../server/main/start.ts";
import { takeCount } from "../options.ts";
import { printJson } from "../print.ts";

const PLAY_WARD = fileURLToPath(new URL("../play-ward.ts", import.meta.url));

/** From the signal to the last of it, ms; whoever stopped it waits ten seconds at most. */
const END_WITHIN_MS = 9_500;
/** Of it, for the processes beside the server: their journals are on disk at every moment. */
const CHILD_WITHIN_MS = 1_500;

interface Options {
  readonly data?: string;
  readonly port?: number;
  readonly demo?: boolean;
  readonly successor?: boolean;
  readonly json?: boolean;
}

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description("run everything on one machine: chain, gateway, anchors, oracles, API and console")
    .option("--data <directory>", "where it keeps everything (default: .twinward)")
    .option("--port <port>", "HTTP port (default: 8080); 0 takes free ports for all doors", takeCount)
    .option("--demo", "play a ward of eight simulated monitors")
    .option("--successor", "members have fenced the stream: go on in its successor (docs/proofs.md)")
    .addHelpText(
      "after",
      `
Other settings come from the environment: MQTT_PORT (1883), RPC_PORT (8545), METRICS_PORT (none: no metrics), RPC_URL (a
chain instead of the embedded one), DATABASE_URL (PostgreSQL instead of the embedded one), SEAL_INTERVAL_MS (1000), ANCHOR_WITHIN_SECONDS (600),
LOG_LEVEL (warn). docs/running.md has them all, with what each is for and its danger. A setting that is unknown, cannot be
used or contradicts another one is refused at the start, with the line to change (exit 2).
Ctrl-C ends it cleanly; starting again goes on from the same data.`,
    )
    .action(up);
}

async function up(options: Options): Promise<void> {
  const over = new AbortController();
  const stop = (): void => {
    if (over.signal.aborted) process.exit(130); // asked twice: what is durable is durable, the next start goes on
    over.abort();
    // Also where the start itself takes longer: it is found again by the next one.
    setTimeout(() => {
      console.error("It did not end in time and is cut off; nothing that was acked is lost.");
      process.exit(1);
    }, END_WITHIN_MS).unref();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // Whoever started us as its own, and was to end us, is gone. The channel alone keeps nobody.
  process.once("disconnect", () => over.signal.aborted || stop());
  process.channel?.unref();
  const { startServer } = await import("../../../server/main/start.ts");
  const { layModel } = await import("../lay-model.ts");
  const environment = { LOG_LEVEL: "warn", ...process.env };
  const { data, port, successor } = options;
  const running = await startServer(environment, {
    ...(data === undefined ? {} : { data }),
    ...(port === undefined ? {} : { port }),
    ...(successor === undefined ? {} : { successor }),
  });
  if (options.json) printJson({ data: running.data, ...running.urls });
  else printUrls(running);

  running.watch(layModel(join(running.data, "models")));
  const children = options.demo ? [playWard(running)] : [];
  const ended = await Promise.race([
    running.ended,
    new Promise<undefined>((resolve) => {
      if (over.signal.aborted) resolve(undefined);
      over.signal.addEventListener("abort", () => resolve(undefined));
    }),
  ]);
  if (ended === undefined && !options.json) console.log("\nending …");
  await Promise.all(children.map(endChild));
  await running.close();
  if (ended !== undefined) throw ended;
}

function printUrls({ data, urls }: Running): void {
  console.log(`
  Twinward is up                                        (Ctrl-C ends it cleanly)

  console     ${urls.http}/
  anchors     ${urls.http}/v1/anchors
  MQTT        ${urls.mqtt}   twinward/v1/devices/{id}/readings
  JSON-RPC    ${urls.rpc}${urls.metrics === undefined ? "" : `\n  metrics     ${urls.metrics}`}
  data        ${data}
`);
}

/** Where MQTT wants TLS the ward sends by HTTP: it knows no authority, and a broker of others would know none of its devices. */
function playWard({ urls, inside, data }: Running): ChildProcess {
  const door = urls.mqtt.startsWith("mqtt:") ? urls.mqtt : inside;
  return fork(PLAY_WARD, [inside, door, data], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), CHILD_WITHIN_MS);
  await over;
  clearTimeout(hard);
}
