// A real broker for a test: Debian's Mosquitto, with the settings that `device bridge` writes.
import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync } from "node:fs";
import { installMosquitto } from "../../scripts/install-mosquitto.ts";
import { freePorts, type Journey } from "./journey.ts";

const READY_WITHIN_MS = 20_000;

export interface MosquittoBroker {
  /** Everything that it has logged. */
  said(): string;
  stop(): Promise<void>;
  /** Starts it again, on the same port and files. */
  start(): Promise<void>;
}

/**
 * Starts one with the settings that `device bridge` writes for this data directory, which `up` needs too. Says why and gives
 * nothing where there is no Mosquitto; in CI that is an error.
 */
export async function startBridgedMosquitto(
  journey: Journey,
  data: string,
): Promise<{ mosquitto: MosquittoBroker; settings: Record<string, string> } | undefined> {
  const [port] = (await freePorts(1)) as [number];
  const words = ["--broker", journey.path("broker"), "--port", String(port), "--data", data];
  const { broker = "", ...settings } = await journey.ask<Record<string, string>>(["device", "bridge", ...words]);
  const mosquitto = await startMosquitto(broker);
  if (!("absent" in mosquitto)) return { mosquitto, settings };
  if (process.env.CI === "true") throw new Error(`no Mosquitto: ${mosquitto.absent}`);
  console.log(`      skipped: ${mosquitto.absent}`);
  return undefined;
}

/** Starts it with a settings file, or says why there is none. */
async function startMosquitto(settings: string): Promise<MosquittoBroker | { absent: string }> {
  const program = installMosquitto((line) => console.log(`      ${line}`));
  if ("absent" in program) return program;
  // Started as root it would give that up before it reads the keys, which only their owner may read.
  if (process.getuid?.() === 0) appendFileSync(settings, "\nuser root\n");
  let running: ChildProcess | undefined;
  let said = "";
  const kill = (): void => void running?.kill("SIGKILL");
  process.on("exit", kill);

  const broker: MosquittoBroker = {
    said: () => said,
    stop: async () => {
      const mine = running;
      if (mine === undefined) return;
      running = undefined;
      const gone = new Promise((resolve) => mine.once("close", resolve));
      mine.kill("SIGTERM");
      await gone;
    },
    start: async () => {
      const child = spawn(program.path, ["-c", settings, "-v"], { stdio: ["ignore", "ignore", "pipe"] });
      running = child;
      await new Promise<void>((resolve, reject) => {
        let now = "";
        const late = setTimeout(() => reject(new Error(`mosquitto was not ready: ${now}`)), READY_WITHIN_MS);
        child.once("exit", (code) => reject(new Error(`mosquitto ended with ${code}: ${now}`)));
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          now += text;
          said += text;
          if (!/mosquitto version \S+ running/.test(now)) return;
          clearTimeout(late);
          resolve();
        });
      });
    },
  };
  await broker.start();
  return broker;
}
