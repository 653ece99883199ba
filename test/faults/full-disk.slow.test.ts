// The disk of a running server fills up while readings come in: first so that somebody can see it come, then at once.
import { expect } from "chai";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Ack } from "../../protocol/ack.ts";
import type { Client } from "../../apps/sdk/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import type { BedsideDevice } from "../helpers/bedside-device.ts";
import { registerBedside, wordOf } from "../helpers/bedside-device.ts";
import { newClinician } from "../helpers/clinician.ts";
import { Journey, portsOf, until, type Server } from "../helpers/journey.ts";
import type { FullDisk } from "./full-disk.ts";

const PRELOAD = fileURLToPath(new URL("full-disk.ts", import.meta.url));

describe("faults: a full disk", function () {
  this.timeout(120_000);
  const journey = new Journey();
  const [data, full, acksFile] = [journey.path("data"), journey.path("full"), journey.path("acks")] as const;
  const kept: Ack[] = [];
  let environment: Record<string, string>;
  let server: Server;
  let device: BedsideDevice;
  let clinician: { client: Client; twin: Hex };

  /** Readings that the device has signed and has no ack for. */
  let waiting: string[] = [];

  before(async () => {
    const faults = { NODE_OPTIONS: `--import=${PRELOAD}`, FULL_DISK: full, DATA_DIRECTORY: data };
    environment = { ...(await portsOf()), ...faults };
    server = await journey.up(data, environment);
    [device] = (await registerBedside(server, 1)) as [BedsideDevice];
    await send();
    clinician = await newClinician(journey, { server, data, device: device.id });
  });
  after(() => journey.close());

  const fill = (disk: FullDisk): void => writeFileSync(full, JSON.stringify(disk));
  const makeRoom = (): void => rmSync(full);

  /** Signs `count` more and sends everything that waits; what the door said where it took none of it. */
  async function send(count = 1): Promise<Response | undefined> {
    for (let n = 0; n < count; n++) waiting.push(await device.next());
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ readings: waiting.slice(0, 64) });
    const response = await fetch(new URL("/v1/readings", server.http), { method: "POST", headers, body });
    if (!response.ok) return response;
    const { results } = (await response.json()) as { results: Ack[] };
    expect(results.map(wordOf)).to.deep.equal(results.map((_, n) => `ack ${kept.length + n + 1}`));
    kept.push(...results);
    waiting = waiting.slice(results.length);
    return undefined;
  }

  const ready = async (): Promise<Record<string, string>> => {
    const response = await fetch(new URL("/readyz", server.http));
    const { parts } = (await response.json()) as { parts: Record<string, string> };
    expect(response.status).to.equal(Object.values(parts).every((code) => code === "ok") ? 200 : 503);
    return parts;
  };

  const allAnchored = (): Promise<unknown> =>
    until("all that was acked is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence) || undefined;
    });

  it("refuses readings while little is left, anchors what was acked, lets care read, and goes on when there is room", async () => {
    expect(await ready()).to.include({ disk: "ok" });
    fill({ free: 1_000_000, fails: "none" });
    const refused = await until("readings are refused", () => send());
    expect(refused.status).to.equal(503);
    expect(refused.headers.get("retry-after")).to.equal("1");
    expect(await refused.json()).to.include({ code: "DISK_NEARLY_FULL" });
    expect(await ready()).to.deep.include({ disk: "DISK_NEARLY_FULL", database: "ok", chain: "ok", anchor: "ok" });
    await allAnchored();
    const { readings } = await clinician.client.history(clinician.twin);
    expect(readings.map(({ sequence }) => sequence)).to.deep.equal(kept.map((_, n) => n + 1));
    makeRoom();
    await until("they are taken again", async () => ((await send()) === undefined ? true : undefined));
    expect(waiting).to.deep.equal([]);
    await until("it is ready", async () => ((await ready()).disk === "ok" ? true : undefined));
  });

  it("acks nothing that it could not write, ends in words, refuses to start in words, and loses nothing", async () => {
    // Somebody else took the last block between two looks at the room that is left.
    fill({ free: 1_000_000_000, fails: "growing" });
    const codes = new Set<string>();
    const ended = async (): Promise<true | undefined> => {
      if (!server.running()) return true;
      const refused = await send(waiting.length < 64 ? 16 : 0).catch(() => undefined);
      if (refused === undefined) return undefined;
      expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "1"]);
      codes.add(((await refused.json()) as { code: string }).code);
      return undefined;
    };
    await until("it has ended", ended, 40_000);
    expect([...codes]).to.include("DISK_FULL");
    const { code, out } = await server.ended;
    expect(code).to.equal(1);
    // Whichever of the two needs the next block first.
    expect(out).to.match(/"error": "(CHAIN_ENDED|DATABASE_ENDED)",\s+"detail": "The embedded .*(ENOSPC|No space left)/);
    const again = await journey.run(["up", "--data", data], environment);
    expect([again.code, again.err]).to.deep.equal([1, again.err.match(/^DISK_FULL: ENOSPC.*Make room.*/s)?.[0]]);
    expect(readdirSync(data).filter((name) => /^lock\./.test(name))).to.deep.equal([]);
    makeRoom();
    server = await journey.up(data, environment);
    while (waiting.length > 0) expect(await send(0)).to.equal(undefined);
    expect(kept.length).to.equal(device.sequence);
    await allAnchored();
    writeFileSync(acksFile, kept.map((ack) => `${JSON.stringify(ack)}\n`).join(""));
    const counted = await auditPasses(journey, data, acksFile);
    expect(counted.get("readings")).to.equal(kept.length);
    expect(counted.get("acks of devices")).to.equal(kept.length);
    expect(existsSync(full)).to.equal(false);
  });
});
