import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "../../protocol/bytes.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { describeOnPostgres } from "../helpers/databases.ts";
import { Journey, MONITOR_MAP, until, type Ran, type Server } from "../helpers/journey.ts";
import { PASSWORD } from "../helpers/postgres-server.ts";
import { writeWardCsv } from "../helpers/ward-csv.ts";

const ROWS = 60;

describeOnPostgres("journey: DATABASE_URL", (postgres) => {
  const journey = new Journey();
  const data = journey.path("data");
  const acksFile = journey.path("acks");
  let environment: { DATABASE_URL: string };
  let server: Server;
  let rows = 0;

  before(async function () {
    this.timeout(60_000);
    environment = { DATABASE_URL: await postgres().createDatabase() };
    server = await journey.up(data, environment);
  });
  after(() => journey.close());

  /** A new device's readings, acked and anchored. */
  const replay = async (seed: string): Promise<void> => {
    const csv = journey.path(`${seed}.csv`);
    writeWardCsv(csv, ROWS, seed);
    const at = ["--map", MONITOR_MAP, "--data", data, "--url", server.http, "--acks", acksFile];
    const told = await journey.ask<{ device: Hex; accepted: number }>(["device", "replay", "--csv", csv, ...at]);
    rows += ROWS;
    expect(told.accepted).to.equal(ROWS);
    await until("all are anchored", async () => {
      const { devices } = await server.client.devices();
      return (
        (devices.length > 0 && devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence)) ||
        undefined
      );
    });
  };

  const refused = async (words: readonly string[], over: Record<string, string>): Promise<Ran> => {
    const ran = await journey.run(words, { ...environment, ...over });
    expect(ran.code, ran.out).to.not.equal(0);
    return ran;
  };

  it("keeps everything on the server, anchored and audited", async () => {
    await replay("first");
    expect(existsSync(join(data, "database"))).to.equal(false);
    const [kept] = await postgres().query("select count(*)::int as n from reading", environment.DATABASE_URL);
    expect(kept).to.deep.equal({ n: rows });
    const counted = await auditPasses(journey, data, acksFile);
    expect(counted.get("readings")).to.equal(rows);
    expect(counted.get("acks of devices")).to.equal(readFileSync(acksFile, "utf8").trim().split("\n").length);
  });

  it("refuses a second server on the same database, which changes nothing", async () => {
    const { err } = await refused(["up", "--data", journey.path("other"), "--port", "0"], {});
    expect(err).to.match(/STREAM_MISMATCH/);
    await auditPasses(journey, data, acksFile);
  });

  it("goes on after the database was restarted under it", async () => {
    await postgres().stop();
    const ready = async (): Promise<{ status: number; database: string | undefined }> => {
      const response = await fetch(new URL("/readyz", server.http));
      const { parts } = (await response.json()) as { parts: { database?: string } };
      return { status: response.status, database: parts.database };
    };
    const lost = await server.client.devices().then(
      () => undefined,
      (error: unknown) => error as { code: string },
    );
    expect(lost?.code).to.equal("DATABASE_UNAVAILABLE");
    expect(await ready()).to.deep.equal({ status: 503, database: "DATABASE_UNAVAILABLE" });
    await postgres().start();
    await until("it is ready again", async () => ((await ready()).status === 200 ? true : undefined));
    expect(await ready()).to.deep.equal({ status: 200, database: "ok" });
    await replay("second");
    await auditPasses(journey, data, acksFile);
  });

  it("passes the audit when stopped, and a restart goes on", async () => {
    const before = await readAnchors(server.client);
    expect((await server.stop()).code).to.equal(0);
    await auditPasses(journey, data, acksFile, environment);
    const forgotten = await journey.run(["audit", "--data", data]);
    expect([forgotten.code, forgotten.err]).to.deep.equal([
      2,
      forgotten.err.match(/^DATA_UNUSABLE.*DATABASE_URL.*/s)?.[0],
    ]);
    server = await journey.up(data, environment);
    await replay("third");
    const anchors = await readAnchors(server.client);
    expect(anchors.slice(0, before.length)).to.deep.equal(before);
    expect(anchors.length).to.be.greaterThan(before.length);
  });

  it("goes on after it was killed, and after its database was", async () => {
    server.kill("SIGKILL");
    await server.ended;
    await postgres().stop("SIGQUIT");
    await postgres().start();
    server = await journey.up(data, environment);
    await replay("fourth");
    const counted = await auditPasses(journey, data, acksFile);
    expect(counted.get("readings")).to.equal(rows);
  });

  it("is refused in words where the URL does not fit, and never says the password", async () => {
    const url = environment.DATABASE_URL;
    const start = ["up", "--data", journey.path("wrong"), "--port", "0"];
    const wrong: [string, RegExp][] = [
      [url.replace(encodeURIComponent(PASSWORD), "guessed-word"), /DATABASE_UNAVAILABLE.*password authentication/s],
      [url.replace(/test_\d+$/, "nowhere"), /DATABASE_UNAVAILABLE.*"nowhere" does not exist/s],
      [url.replace(/:\d+\//, ":1/"), /DATABASE_UNAVAILABLE.*127\.0\.0\.1:1/s],
      [url.replace("127.0.0.1", "db.example"), /db\.example and no sslmode/],
      ["mysql://somebody@127.0.0.1/x", /DATABASE_URL/],
    ];
    for (const [DATABASE_URL, words] of wrong) expect((await refused(start, { DATABASE_URL })).err).to.match(words);
    expect(journey.said).to.not.include(PASSWORD);
    expect(journey.said).to.not.include(encodeURIComponent(PASSWORD));
    expect(journey.said).to.not.include("guessed-word");
  });
});
