import { expect } from "chai";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyAckLeaf, type Ack } from "../../../protocol/ack.ts";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { openReading } from "../../../server/keys/sealed-reading.ts";
import type { DatabasePlace } from "../../../server/store/database.ts";
import { readLeafAt, readLeaves, readStreamSize } from "../../../server/store/read-leaves.ts";
import { readHeads, readReadings } from "../../../server/store/read-readings.ts";
import { describeOnBoth } from "../../helpers/databases.ts";
import { openWorld, type World } from "../../helpers/gateway-world.ts";

const CHILD = fileURLToPath(new URL("./kill-child.ts", import.meta.url));

describeOnBoth("store: killed while it commits", (databases) => {
  it("has every reading that it acked, and no half of one", async () => {
    const directory = await mkdtemp(join(tmpdir(), "twinward-kill-"));
    const database = await databases.place();
    const acks: Ack[] = [];
    let world: World | undefined;
    try {
      for (const [round, killAfter] of [1, 30, 90].entries()) {
        acks.push(...(await runAndKill(directory, database, killAfter)));
        world = await openWorld({ directory, database });
        await check(world, acks, round);
        if (round < 2) {
          await world.gateway.close();
          await world.committer.close();
          await world.database.close();
        }
      }
    } finally {
      await world?.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

/** Kills the child (SIGKILL) as soon as it has told `killAfter` acks; gives those that it told. */
async function runAndKill(directory: string, database: DatabasePlace, killAfter: number): Promise<Ack[]> {
  const child = spawn(process.execPath, [CHILD, directory, JSON.stringify(database)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (out.split("\n").length - 2 >= killAfter) child.kill("SIGKILL");
  });
  await gone;
  const lines = out.split("\n").slice(1, -1);
  return lines.map((line) => JSON.parse(line) as Ack);
}

async function check(world: World, acks: readonly Ack[], round: number): Promise<void> {
  const { database, keys } = world;
  for (const ack of acks) {
    const leaf = await readLeafAt(database, 1, ack.device, ack.sequence);
    expect(leaf, `round ${round}: ${ack.device} ${ack.sequence}`).to.not.equal(undefined);
    expect(leaf?.position).to.equal(ack.first + ack.index);
    expect(verifyAckLeaf(ack, fromHex(leaf?.hash ?? "0x"))).to.equal(true);
  }
  const size = await readStreamSize(database);
  const leaves = await readLeaves(database, 0, size + 10);
  expect(leaves.map(({ position }) => position)).to.deep.equal(leaves.map((_, i) => i));
  expect(leaves).to.have.length(size);
  const devices = [...new Set(leaves.map(({ subject }) => subject))];
  for (const device of devices) {
    const readings = await readReadings(database, { device, limit: 100_000 });
    expect(readings.map(({ sequence }) => sequence)).to.deep.equal(readings.map((_, i) => i + 1));
    for (const row of readings) {
      expect(openReading(keys, { ...row, device }, row).disclosures).to.have.length(8);
      const hash = toHex(leafHash(1, device, row.sequence, row.content));
      expect(leaves[row.position]?.hash).to.equal(hash);
    }
    expect((await readHeads(database, [device])).get(device)?.sequence).to.equal(readings.length);
  }
}
