// The disk of a PostgreSQL server is full under a running server: a small file system holds its tables, and another table takes
// what is left. Its journal has room elsewhere: without that it would end itself, which the server knows as any other end.
import { expect } from "chai";
import { auditPasses } from "../helpers/audit-journey.ts";
import { describeOnPostgres } from "../helpers/databases.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { PatientDevice, readyOf } from "./patient-device.ts";

const ROOM_BYTES = 40 * 2 ** 20;

describeOnPostgres(
  "faults: a PostgreSQL server whose disk is full",
  (postgres) => {
    const journey = new Journey();
    const [data, acksFile] = [journey.path("data"), journey.path("acks")];
    let url: string;
    let server: Server;
    let patient: PatientDevice;

    before(async function () {
      this.timeout(180_000);
      url = await postgres().createDatabase("tablespace small");
      server = await journey.up(data, { DATABASE_URL: url });
      patient = await PatientDevice.register(server);
      expect(await patient.send()).to.equal(undefined);
    });
    after(() => journey.close());

    /** Takes what is left of the room, to the last page. */
    async function fill(): Promise<void> {
      await postgres().query("create table ballast (page text) with (autovacuum_enabled = off)", url);
      // A page to a row.
      await postgres().query("alter table ballast alter column page set storage plain", url);
      for (const pages of [1_000, 100, 10, 1]) {
        const take = `insert into ballast select repeat('x', 7000) from generate_series(1, ${pages})`;
        await until("there is no room", async () =>
          postgres()
            .query(take, url)
            .then(
              () => undefined,
              (error: Error & { code?: string }) => error.code === "53100" || Promise.reject(error),
            ),
        );
      }
    }

    const rows = async (): Promise<number> =>
      Number((await postgres().query("select count(*) as n from reading", url))[0]?.n);

    it("acks nothing that it could not write, reads on, and goes on when there is room", async function () {
      this.timeout(300_000);
      await fill();
      // Until the pages that the tables have already are full too.
      const refuse = (): Promise<Response> =>
        until("it refuses", () => patient.send(patient.waiting.length < 64 ? 16 : 0));
      for (let times = 0; times < 3; times++) {
        const refused = await refuse();
        expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "1"]);
        expect(((await refused.json()) as { code: string }).code).to.equal("DISK_FULL");
      }
      expect(await rows()).to.equal(patient.acks.length);
      expect((await server.client.devices()).devices.map(({ sequence }) => sequence)).to.deep.equal([
        patient.acks.length,
      ]);

      await postgres().query("drop table ballast", url);
      await until("it goes on", async () => ((await patient.send(0)) === undefined ? true : undefined));
      expect(await patient.send(16)).to.equal(undefined);
      expect(patient.acks.length).to.equal(patient.device.sequence);
      expect(await rows()).to.equal(patient.acks.length);
      await patient.anchored();
      expect(server.running()).to.equal(true);
      await until("all is well", async () =>
        Object.values(await readyOf(server)).every((code) => code === "ok") ? true : undefined,
      );
      patient.keepAcks(acksFile);
      const counted = await auditPasses(journey, data, acksFile);
      expect(counted.get("readings")).to.equal(patient.acks.length);
      expect(counted.get("acks of devices")).to.equal(patient.acks.length);
    });

    it("is whole when it has stopped", async function () {
      this.timeout(180_000);
      expect((await server.stop()).code).to.equal(0);
      await auditPasses(journey, data, acksFile, { DATABASE_URL: url });
    });
  },
  ROOM_BYTES,
);
