import { expect } from "chai";
import type { HistoryReading } from "../../apps/sdk/answers.ts";
import { verifyAckLeaf } from "../../protocol/ack.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { auditPasses, readAnchors } from "./audit-journey.ts";
import { newClinician } from "./clinician.ts";
import { Journey, until } from "./journey.ts";
import { killAgainAndAgain, type KilledAgain, type KillPlan } from "./kill-loop.ts";

/** A server that dies again and again while readings come in, and what must be so in the end. */
export function describeKills(plan: KillPlan & { readonly anchorsCut?: number }): void {
  const { seed, times: KILLS, anchorsCut } = plan;
  describe(`journey: kill -9 of the server, ${KILLS} times while readings come in`, function () {
    this.timeout(300_000 + KILLS * 30_000);
    const journey = new Journey();
    let told: KilledAgain;
    let history: HistoryReading[];

    before(async () => {
      console.log(`    seed ${seed} (SEED=${seed} KILLS=${KILLS} repeats it)`);
      told = await killAgainAndAgain(journey, plan);
    });
    after(() => journey.close());

    it("died each time with readings in flight, and took more after each", () => {
      expect(told.kills).to.have.length(KILLS);
      for (const [n, { acked, inFlight }] of told.kills.entries()) {
        expect(inFlight, `kill ${n}`).to.be.greaterThan(0);
        expect(acked, `kill ${n}`).to.be.greaterThan(told.kills[n - 1]?.acked ?? 0);
        expect(acked, `kill ${n}`).to.be.lessThan(told.rows);
      }
      console.log(
        `      ${told.kills.length} kills at ${told.kills.map(({ acked }) => acked).join(", ")} acks, ${told.restartsKilled} more while it started`,
      );
    });

    it("acked every reading once", () => {
      expect(told.replayed).to.include({ accepted: told.rows });
      expect(told.replayed.refused).to.deep.equal({});
      const sequences = told.acks.map(({ sequence }) => sequence);
      expect(sequences).to.deep.equal(Array.from({ length: told.rows }, (_, n) => n + 1));
    });

    it("has every acked reading where it was promised", async () => {
      history = await readAll(told, journey);
      expect(history).to.have.length(told.rows);
      for (const [n, reading] of history.entries()) {
        const ack = told.acks[n];
        if (ack === undefined) throw new Error(`no ack of reading ${n + 1}`);
        expect([reading.sequence, reading.position]).to.deep.equal([ack.sequence, ack.first + ack.index]);
        expect(verifyAckLeaf(ack, fromHex(reading.leaf)), `reading ${n + 1}`).to.equal(true);
      }
    });

    it("has anchored every one of them, and none twice", async () => {
      const { client } = told.server;
      await until("all are anchored", async () => {
        const { devices } = await client.devices();
        return devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence) || undefined;
      });
      const anchors = await readAnchors(client);
      const transactions = anchors.map(({ transaction }) => transaction);
      expect(new Set(transactions).size).to.equal(transactions.length);
      expect(new Set(history.map(({ leaf }) => leaf)).size).to.equal(told.rows);
      // The batches lie end to end, so a position stands in exactly one of them.
      const end = anchors.at(-1);
      const last = Math.max(...history.map(({ position }) => position));
      expect((end?.firstLeaf ?? 0) + (end?.count ?? 0)).to.be.greaterThan(last);
    });

    it("passes the audit against the device's own acks, running and stopped", async () => {
      const running = await auditPasses(journey, told.data, told.acksFile);
      expect(running.get("readings")).to.equal(told.rows);
      expect(running.get("acks of devices")).to.equal(told.rows);
      // A chain each, and oracles of those that lived long enough.
      expect(told.orphans.length).to.be.greaterThan(KILLS);
      const alive = new Set(journey.processes().map(({ pid }) => pid));
      const orphans = told.orphans.filter((pid) => alive.has(pid));
      expect(orphans, "processes of killed servers").to.deep.equal([]);
      const { code } = await told.server.stop();
      expect(code).to.equal(0);
      await journey.nothingRuns();
      await auditPasses(journey, told.data, told.acksFile);
    });
    if (anchorsCut === undefined) return;
    it(`died at least ${anchorsCut} times between sending and confirming an anchor, half the times with its chain`, () => {
      const cut = told.kills.filter(({ anchorSent }) => anchorSent);
      console.log(`      ${cut.length} of ${KILLS} with an anchor on its way`);
      expect(cut.length).to.be.at.least(anchorsCut);
      expect(told.kills.filter(({ chainToo }) => chainToo)).to.have.length(Math.ceil(KILLS / 2));
    });
  });
}

/** The device's whole history, read as a clinician would. */
async function readAll({ server, data, replayed }: KilledAgain, journey: Journey): Promise<HistoryReading[]> {
  const { client, twin } = await newClinician(journey, { server, data, device: replayed.device });
  await until("the grant is seen", async () => client.history(twin, { limit: 1 }).catch(() => undefined));
  const readings: HistoryReading[] = [];
  for await (const reading of client.readings(twin)) readings.push(reading);
  return readings;
}
