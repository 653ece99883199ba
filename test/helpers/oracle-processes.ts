// Real oracle processes, a real server, and devices that the test makes speak.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Wallet } from "ethers";
import { connectProvider, Steward } from "../../apps/cli/steward.ts";
import { securityManifest } from "../../apps/cli/register-device.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import { openPca } from "../../ml/detectors/window-detector.ts";
import { hashModel } from "../../ml/model-hash.ts";
import { createRandom } from "../../ml/random.ts";
import type { Window } from "../../ml/window.ts";
import { fromHex, toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import type { DeviceModel } from "../../protocol/device-model.ts";
import { es256Signer, newPrivateKey } from "../../protocol/es256.ts";
import { canonical } from "../../protocol/json.ts";
import { buildReading, parseReading } from "../../protocol/reading.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { loadOrCreateKey } from "../../server/keys/signing-keys.ts";
import { layoutOf } from "../../server/main/data-directory.ts";
import { startServer, type Running } from "../../server/main/start.ts";
import type { OracleEvent } from "../../server/oracle/events.ts";
import { createTransmitter, type Transmitter } from "../../server/oracle/transmit.ts";
import { fittedModel, second } from "./oracle-world.ts";

const PAIR: DeviceModel = {
  format: "device-model@1",
  name: "pair@1",
  segments: [
    { name: "heart", bit: 0, unit: "/min", type: "number", min: 20, max: 250 },
    { name: "pulse", bit: 1, unit: "/min", type: "number", min: 20, max: 250 },
  ],
  commands: [],
  security: ["heart", "pulse"],
};
/** Real time between two readings; each covers a second of the device's time. */
const PACE_MS = 250;
/** More of its own time than a device speaks in any test here. */
const SERIES_SECONDS = 1000;
export const HONEST = fileURLToPath(new URL("../../server/oracle/process.ts", import.meta.url));
export const LYING = fileURLToPath(new URL("./lying-oracle.ts", import.meta.url));

export interface SpokenDevice {
  readonly id: Hex;
  /** When each sequence was posted, ms. */
  readonly posted: Map<number, number>;
  say(offset?: number): Promise<void>;
}

export interface OracleProcess {
  readonly address: Hex;
  readonly child: ChildProcess;
  readonly events: (OracleEvent | { event: "started" | "failed"; why?: string })[];
}

export class Scene {
  readonly directory: string;
  server!: Running;
  client!: Client;
  oracles: OracleProcess[] = [];
  #trial = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  async open(): Promise<void> {
    this.server = await startServer({ LOG_LEVEL: "silent" }, { data: join(this.directory, "data"), port: 0 });
    const oracle = layoutOf(this.server.data).key("oracle-0");
    const key = await loadOrCreateKey(oracle, "secp256k1", { development: true });
    this.client = connect({ url: this.server.urls.http, signer: new Wallet(toHex(key)) });
    writeFileSync(this.modelFile, canonical(fittedModel()));
  }

  async close(): Promise<void> {
    await this.stopOracles();
    await this.server.close();
  }

  get modelFile(): string {
    return join(this.directory, "model.json");
  }

  /** Starts one process per program, in bit order; undefined leaves that oracle out. Resolves when all of them judge. */
  async startOracles(programs: (string | undefined)[], bits = programs.map((_, i) => i)): Promise<void> {
    this.#trial++;
    const data = layoutOf(this.server.data);
    for (const [i, program] of programs.entries()) {
      if (program === undefined) continue;
      const directory = join(this.directory, `oracles-${this.#trial}`, String(i));
      mkdirSync(directory, { recursive: true });
      const words = [
        program, "--url", this.server.urls.http, "--rpc", this.server.urls.rpc, "--trust", data.consortium,
        "--key", data.key(`oracle-${bits[i]}`), "--data", directory,
        "--model", this.modelFile, "--model-hash", hashModel(fittedModel()),
      ]; // prettier-ignore
      this.oracles.push(follow(spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] })));
    }
    await until(
      () => this.oracles.every(({ events }) => events.some((e) => e.event === "started" || e.event === "failed")),
      () => `oracles started: ${this.told()}`,
      60_000,
    );
  }

  async stopOracles(): Promise<void> {
    await Promise.all(
      this.oracles.splice(0).map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const over = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await over;
      }),
    );
  }

  /** What the oracle of this bit would transmit with. */
  async transmitter(bit: number): Promise<Transmitter> {
    const { chainId, contracts } = await this.client.consortium();
    const key = await loadOrCreateKey(layoutOf(this.server.data).key(`oracle-${bit}`), "secp256k1", {
      development: true,
    });
    return createTransmitter(connectProvider(this.server.urls.rpc, chainId), contracts.VerdictOracle, key);
  }

  async registerDevices(count: number): Promise<SpokenDevice[]> {
    const consortium = await this.client.consortium();
    const provider = connectProvider(this.server.urls.rpc, consortium.chainId);
    const key = await loadOrCreateKey(layoutOf(this.server.data).key("steward"), "secp256k1", { development: true });
    const security = securityManifest(PAIR);
    await this.client.postDocument(PAIR);
    await this.client.postDocument(security);
    const random = createRandom(`devices ${this.#trial}`);
    const keys = Array.from({ length: count }, () => newPrivateKey((size) => random.bytes(size)));
    const registered = await new Steward(consortium, provider, key).register(
      keys.map((own) => ({ key: own, model: PAIR, security })),
    );
    provider.destroy();
    await until(
      async () => {
        const { devices } = await this.client.devices();
        return registered.every(({ device }) => devices.some((d) => d.id === device && d.state === "active"));
      },
      () => "devices active",
    );
    const seeds = await healthySeeds(`values ${this.#trial}`, count);
    return registered.map(({ device }, i) => this.#speaker(device, keys[i] ?? fromHex(ZERO_32), seeds[i] ?? ""));
  }

  #speaker(id: Hex, key: Uint8Array, seed: string): SpokenDevice {
    const random = createRandom(seed);
    const salts = createRandom(`salts of ${seed}`);
    const posted = new Map<number, number>();
    let [sequence, prev, at] = [0, ZERO_32, Date.now() - 600_000];
    return {
      id,
      posted,
      say: async (offset = 0) => {
        const text = await buildReading(
          {
            device: id, kid: 1, sequence: ++sequence, per: [at, at + 1000], iat: Math.floor(at / 1000) + 1, model: PAIR.name,
            prev, segments: second(random, sequence * 1000, offset), salt: () => salts.bytes(16),
          }, // prettier-ignore
          es256Signer(key),
        );
        at += 1000;
        prev = parseReading(text).content;
        posted.set(sequence, Date.now());
        const [answer] = await this.client.postReadings([text]);
        if (isRefusal(answer)) throw new Error(`refused: ${answer.code} ${answer.detail}`);
      },
    };
  }

  /** Lets the devices speak at their pace until the condition holds; the first one's second signal is off by `offset`. */
  async speak(devices: SpokenDevice[], offset: number, enough: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const begun = Date.now();
      for (const [i, device] of devices.entries()) await device.say(i === 0 ? offset : 0);
      if (await enough()) return;
      if (Date.now() > deadline) throw new Error(`not in time: ${this.told()}`);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, begun + PACE_MS - Date.now())));
    }
  }

  told(): string {
    return JSON.stringify(
      this.oracles.map(({ events }) => events.slice(-12)),
      null,
      1,
    );
  }
}

/**
 * Seeds of series in which the detector finds nothing. Of series drawn blindly it suspects a quarter within four minutes: its
 * calibration is short. What these tests say of a healthy device must not hang on that.
 */
async function healthySeeds(name: string, count: number): Promise<string[]> {
  const detector = openPca(fittedModel());
  const seeds: string[] = [];
  for (let trial = 0; seeds.length < count; trial++) {
    const seed = `${name} ${trial}`;
    const random = createRandom(seed);
    const window: Window = { signals: [...detector.signals], times: [[], []], values: [[], []] };
    for (let sequence = 1; sequence <= SERIES_SECONDS; sequence++)
      for (const [i, segment] of second(random, sequence * 1000).entries()) {
        window.times[i]?.push(...segment.t.map((t) => sequence * 1000 + t));
        window.values[i]?.push(...segment.v);
      }
    if ((await detector.judge(window, -Infinity)).severity === 0) seeds.push(seed);
  }
  return seeds;
}

function follow(child: ChildProcess): OracleProcess {
  const events: OracleProcess["events"] = [];
  const followed = { address: "0x" as Hex, child, events };
  let rest = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      try {
        const event = JSON.parse(line) as OracleProcess["events"][number] & { oracle?: Hex };
        if (event.oracle) followed.address = event.oracle;
        events.push(event);
      } catch {
        events.push({ event: "failed", why: line });
      }
    }
  });
  return followed;
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  withinMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
