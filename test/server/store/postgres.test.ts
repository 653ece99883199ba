import { expect } from "chai";
import type { Ack } from "../../../protocol/ack.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { es256Signer } from "../../../protocol/es256.ts";
import { buildRecord } from "../../../protocol/record.ts";
import { Committer } from "../../../server/store/committer.ts";
import { openDatabase, type Claim, type Database } from "../../../server/store/database.ts";
import { acceptedMonthOf } from "../../../server/store/months.ts";
import { openPostgres } from "../../../server/store/postgres.ts";
import { readLeaves } from "../../../server/store/read-leaves.ts";
import { readReadings } from "../../../server/store/read-readings.ts";
import { claimStream } from "../../../server/store/stream-row.ts";
import { openCutProxy, type CutProxy } from "../../helpers/cut-proxy.ts";
import { describeOnPostgres } from "../../helpers/databases.ts";
import {
  ANCHOR_LOG,
  CHAIN_ID,
  NOON,
  openWorld,
  STREAM,
  type TestDevice,
  type World,
} from "../../helpers/gateway-world.ts";
import { until } from "../../helpers/journey.ts";
import { PASSWORD } from "../../helpers/postgres-server.ts";

const OTHER: Hex = `0x${"ee".repeat(32)}`;
const codeOf = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : error);
const outcome = (asked: Promise<unknown>): Promise<unknown> => asked.then(() => "done", codeOf);

describeOnPostgres("store: a PostgreSQL server", (postgres) => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  const opened = <T extends { close(): Promise<void> }>(one: T): T => {
    open.push(one);
    return one;
  };
  /** Claims end before the databases that they are in. */
  const claimed = (claim: Claim): Claim => {
    open.push({ close: () => claim.release() });
    return claim;
  };
  const openAt = async (url: string): Promise<Database> => opened(await openDatabase({ url }));
  const worldAt = async (url: string): Promise<World> => opened(await openWorld({ database: { url } }));
  const proxied = async (): Promise<{ proxy: CutProxy; url: string; direct: string }> => {
    const direct = await postgres().createDatabase();
    const proxy = opened(await openCutProxy(postgres().port));
    return { proxy, url: proxy.through(direct), direct };
  };

  describe("several on one database", () => {
    it("make its tables once, however many start at once", async () => {
      const url = await postgres().createDatabase();
      const all = await Promise.all(Array.from({ length: 6 }, () => openAt(url)));
      const counts = await Promise.all(all.map((one) => one.query("select count(*) as n from migration")));
      expect(new Set(counts.map((rows) => JSON.stringify(rows))).size).to.equal(1);
    });

    it("give every position once, and each of them sees the last", async () => {
      // A server may have another default; positions must not become errors by it.
      const strict = "?options=-c%20default_transaction_isolation%3Dserializable";
      const url = `${await postgres().createDatabase()}${strict}`;
      const worlds = [await worldAt(url), await worldAt(url)];
      const devices = worlds.flatMap((world) => Array.from({ length: 4 }, () => ({ world, device: world.device() })));
      const answers: Ack[] = [];
      for (let round = 0; round < 8; round++) {
        const texts = await Promise.all(devices.map(({ device }) => device.next()));
        const told = await Promise.all(devices.map(({ world }, i) => world.gateway.accept([texts[i] ?? ""])));
        answers.push(...(told.flat() as Ack[]));
      }
      const positions = answers.map(({ first, index }) => first + index).sort((a, b) => a - b);
      expect(positions).to.deep.equal(Array.from({ length: 64 }, (_, n) => n));
      const leaves = await readLeaves(worlds[0]!.database, 0, 200);
      expect(leaves.map(({ position }) => position)).to.deep.equal(positions);
      const [acks] = await worlds[0]!.database.query<{ covered: number }>("select sum(count)::int as covered from ack");
      expect(acks?.covered).to.equal(64);
    });

    it("one device through two gateways: its sequences once, the same ack from both", async () => {
      const url = await postgres().createDatabase();
      const [one, two] = [await worldAt(url), await worldAt(url)];
      const device = one.device();
      const [fact] = one.chain.view().devices();
      two.chain.facts.set(device.id, fact!);
      for (let round = 0; round < 10; round++) {
        const text = await device.next();
        const [first, second] = await Promise.all([one.gateway.accept([text]), two.gateway.accept([text])]);
        expect(first).to.deep.equal(second);
      }
      const rows = await one.database.query<{ sequence: number }>("select sequence from reading order by sequence");
      expect(rows.map(({ sequence }) => sequence)).to.deep.equal(Array.from({ length: 10 }, (_, n) => n + 1));
    });

    it("turn the month together, one before the other and back, while a reader holds the table", async () => {
      const url = await postgres().createDatabase();
      const worlds = [await worldAt(url), await worldAt(url)];
      const reader = await openAt(url);
      const devices = worlds.map((world) => world.device());
      const day = 86_400_000;
      const told: Ack[] = [];
      await reader.transaction(async (tx) => {
        // It has the table's lock until its transaction ends.
        await tx.query("select count(*) as n from reading");
        const count = async (): Promise<number> =>
          (await reader.query<{ n: number }>("select count(*) as n from reading where accepted_month > 0"))[0]?.n ?? 0;
        for (const ahead of [0, 90, 180, 60, 300, 400]) {
          // Both begin the month at once, or one of them is still in an older one.
          for (const [n, world] of worlds.entries())
            world.now = NOON + (ahead - (n === 1 && ahead > 200 ? 150 : 0)) * day;
          for (let group = 0; group < 3; group++) {
            const texts = await Promise.all(devices.map((device) => device.next()));
            const answers = await Promise.all(worlds.map((world, n) => world.gateway.accept([texts[n] ?? ""])));
            told.push(...(answers.flat() as Ack[]));
            expect(await count()).to.equal(told.length);
          }
        }
      });
      const rows = await reader.query<{ position: number; month: number; partition: string }>(
        `select l.position, l.accepted_month as month, r.tableoid::regclass::text as partition
         from leaf l join reading r on r.position = l.position order by l.position`,
      );
      const acks = told.toSorted((a, b) => a.first + a.index - b.first - b.index);
      expect(rows).to.deep.equal(
        acks.map(({ first, index, acceptedAt }) => {
          const month = acceptedMonthOf(acceptedAt);
          return { position: first + index, month, partition: `reading_${month}` };
        }),
      );
      for (const [n, device] of devices.entries())
        expect(await readReadings(worlds[1 - n]!.database, { device: device.id })).to.have.length(18);
    });

    it("refuse another stream, also when both begin at once", async () => {
      const url = await postgres().createDatabase();
      const [one, two] = [await openAt(url), await openAt(url)];
      const both = await Promise.all([
        outcome(claimStream(one, STREAM).then(claimed)),
        outcome(claimStream(two, OTHER).then(claimed)),
      ]);
      expect(both.sort()).to.deep.equal(["STREAM_MISMATCH", "done"]);
      expect(await one.query("select size from stream")).to.deep.equal([{ size: 0 }]);
    });

    it("anchor one at a time: the second is told who, and follows when the first ends or is cut", async () => {
      const { proxy, url, direct } = await proxied();
      const [one, two] = [await openAt(url), await openAt(direct)];
      const first = claimed(await claimStream(one, STREAM, { waitMs: 1_000 }));
      const refused = await claimStream(two, STREAM, { waitMs: 200 }).catch((error: unknown) => error);
      expect(codeOf(refused)).to.equal("DATABASE_LOCKED");
      expect((refused as TwinwardError).facts.detail).to.match(/^A server at 127\.0\.0\.1.* \(session \d+\) has it\.$/);
      await first.assure();

      // Cut, and nobody came between: it is held again.
      proxy.cut();
      await first.assure();
      // Cut for longer: the other one takes it, and the first is told so.
      proxy.swallow();
      proxy.cut();
      const second = claimed(await claimStream(two, STREAM));
      proxy.heal();
      expect(await outcome(first.assure())).to.equal("DATABASE_LOCKED");
      await second.release();
      await first.assure();
      expect(await outcome(second.assure())).to.equal("DATABASE_LOCKED");
    });
  });

  describe("lost and found", () => {
    it("is DATABASE_UNAVAILABLE while it is away, and everything acked is there when it is back", async () => {
      const world = await worldAt(await postgres().createDatabase());
      const devices = Array.from({ length: 4 }, () => world.device());
      const sent = await sendThrough(world, devices, async (acks) => {
        for (const signal of ["SIGINT", "SIGQUIT"] as const) {
          const before = acks.length;
          await until("more is acked", async () => (acks.length > before + 20 ? true : undefined));
          await postgres().stop(signal);
          expect(await outcome(world.database.query("select 1"))).to.equal("DATABASE_UNAVAILABLE");
          expect(await outcome(world.database.transaction(async () => 1))).to.equal("DATABASE_UNAVAILABLE");
          await postgres().start();
        }
        const before = acks.length;
        await until("more is acked", async () => (acks.length > before + 20 ? true : undefined));
      });
      const leaves = await readLeaves(world.database, 0, 100_000);
      expect(leaves.map(({ position }) => position)).to.deep.equal(leaves.map((_, n) => n));
      for (const ack of sent) {
        const leaf = leaves[ack.first + ack.index];
        expect([leaf?.subject, leaf?.sequence]).to.deep.equal([ack.device, ack.sequence]);
      }
    });

    it("cut between COMMIT and its answer, the sender gets the ack of what was written", async () => {
      const { proxy, url } = await proxied();
      const world = await worldAt(url);
      const device = world.device();
      await world.gateway.accept([await device.next()]);
      const text = await device.next();
      const cut = proxy.cutAfter("commit");
      expect(await outcome(world.gateway.accept([text]))).to.equal("DATABASE_UNAVAILABLE");
      await cut;
      const [ack] = (await world.gateway.accept([text])) as Ack[];
      expect([ack?.sequence, ack?.first]).to.deep.equal([2, 1]);
      expect(await readLeaves(world.database, 0, 10)).to.have.length(2);
    });

    it("cut before COMMIT, nothing is written and the next attempt is", async () => {
      const { proxy, url } = await proxied();
      const world = await worldAt(url);
      const device = world.device();
      const text = await device.next();
      const cut = proxy.cutAfter("insert into leaf");
      expect(await outcome(world.gateway.accept([text]))).to.equal("DATABASE_UNAVAILABLE");
      await cut;
      const [ack] = (await world.gateway.accept([text])) as Ack[];
      expect([ack?.sequence, ack?.first]).to.deep.equal([1, 0]);
      expect(await readLeaves(world.database, 0, 10)).to.have.length(1);
    });

    it("cut between two statements, while nobody asks anything, ends a transaction and not the process", async () => {
      const { proxy, url } = await proxied();
      const database = await openAt(url);
      const told = await outcome(
        database.transaction(async (tx) => {
          await tx.query("insert into stream (id, size) values ($1, 1)", [new Uint8Array(32)]);
          proxy.cut();
          await new Promise((resolve) => setTimeout(resolve, 50));
        }),
      );
      expect(told).to.equal("DATABASE_UNAVAILABLE");
      expect(await database.query("select * from stream")).to.deep.equal([]);
    });

    it("lets go of the stream for a gateway that is frozen in the middle of a commit, which has written nothing", async () => {
      const url = await postgres().createDatabase();
      const other = await worldAt(url);
      const database = opened(await openPostgres(url, { silentWithinMs: 400 }));
      const signer = es256Signer(fromHex(`0x${"11".repeat(32)}`));
      const terms = { chainId: CHAIN_ID, anchorLog: ANCHOR_LOG, stream: STREAM, signer, now: () => NOON };
      const frozen = opened(new Committer({ ...terms, database, anchorWithinSeconds: 60 }));
      let thaw = (): void => undefined;
      const asleep = new Promise<void>((resolve) => (thaw = resolve));
      let holds = false;
      const cut = outcome(
        frozen.submit(async () => {
          holds = true;
          await asleep;
          return { entries: [], result: () => null };
        }),
      );
      await until("it holds the stream's row", async () => holds || undefined);
      // Waits for the row, and gets it.
      const text = await other.device().next();
      expect(await other.gateway.accept([text])).to.have.nested.property("0.format", "ack@1");
      thaw();
      expect(await cut).to.equal("DATABASE_UNAVAILABLE");
      expect(await outcome(frozen.submit(async () => ({ entries: [], result: () => null })))).to.equal("done");
      // Who holds nobody up may take as long as it likes.
      await database.transaction(async (tx) => {
        await new Promise((resolve) => setTimeout(resolve, 600));
        await tx.query("select 1");
      });
    });

    it("is not waited for for ever where the network swallows everything", async () => {
      const { proxy, url } = await proxied();
      const database = opened(await openPostgres(url, { connectWithinMs: 2_000, answerWithinMs: 2_000 }));
      proxy.swallow();
      expect(await outcome(database.query("select 1"))).to.equal("DATABASE_UNAVAILABLE");
      expect(await outcome(database.transaction((tx) => tx.query("select 1")))).to.equal("DATABASE_UNAVAILABLE");
      proxy.cut();
      proxy.heal();
      expect(await database.query("select 1 as n")).to.deep.equal([{ n: 1 }]);
    });

    it("does not try each of many works alone where it cannot be reached", async () => {
      const { proxy, url } = await proxied();
      const world = await worldAt(url);
      const { text: body, content } = buildRecord({
        format: "refusals@1",
        stream: STREAM,
        at: 1,
        salt: `0x${"5a".repeat(16)}`,
      });
      let runs = 0;
      const submit = (): Promise<unknown> =>
        world.committer.submit(async () => {
          runs++;
          const entry = { kind: "record", leafKind: 9, subject: OTHER, body, content } as const;
          return { entries: [entry], result: () => undefined };
        });
      const cut = proxy.cutAfter("insert into leaf");
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(submit())));
      await cut;
      expect(outcomes).to.deep.equal(Array(50).fill("DATABASE_UNAVAILABLE"));
      expect(runs).to.equal(50);
      expect(await outcome(submit())).to.equal("done");
      expect(await readLeaves(world.database, 0, 100)).to.have.length(1);
    });
  });

  describe("at the door", () => {
    it("refuses in words, and never with the password", async () => {
      const url = await postgres().createDatabase();
      await postgres().query("create role reader login password 'r'", url);
      const unusable = await postgres().createDatabase("encoding 'SQL_ASCII' template template0");
      const asReader = url.replace(/\/\/.*@/, "//reader:r@");
      const wrong: [string, string, RegExp][] = [
        [url.replace(encodeURIComponent(PASSWORD), "guess"), "DATABASE_UNAVAILABLE", /password authentication failed/],
        [url.replace(/\/\/.*@/, "//nobody:guess@"), "DATABASE_UNAVAILABLE", /password authentication failed/],
        [url.replace(/test_\d+$/, "nowhere"), "DATABASE_UNAVAILABLE", /database "nowhere" does not exist/],
        [url.replace(/:\d+\//, ":1/"), "DATABASE_UNAVAILABLE", /127\.0\.0\.1:1.*ECONNREFUSED/],
        [url.replace("127.0.0.1", "nowhere.invalid"), "DATABASE_UNAVAILABLE", /nowhere\.invalid/],
        [`${url}?sslmode=verify-full`, "DATABASE_UNAVAILABLE", /does not support SSL/],
        [url.replace(/@.*/, "guess@127.0.0.1:port/x"), "DATABASE_UNAVAILABLE", /cannot be read/],
        [unusable, "DATABASE_UNUSABLE", /SQL_ASCII/],
        [asReader, "DATABASE_UNUSABLE", /permission denied/],
        [`${url}?options=-c%20synchronous_commit%3Doff`, "DATABASE_UNUSABLE", /synchronous_commit=off/],
      ];
      for (const [place, code, words] of wrong) {
        const error = await openDatabase({ url: place }).then(
          () => expect.fail(`${String(words)} was let in`),
          (refusal: unknown) => refusal as TwinwardError,
        );
        expect([codeOf(error), error.facts.detail]).to.deep.equal([code, error.facts.detail]);
        expect(error.facts.detail).to.match(words);
        const said = everythingIn(error);
        for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), "guess"]) expect(said).to.not.include(secret);
      }
    });

    it("speaks TLS with the server that the certificate names, and with no other", async () => {
      const url = await postgres().createDatabase();
      await postgres().stop();
      const certificate = await postgres().startTls();
      const trusting = `${url}?sslmode=verify-full&sslrootcert=${certificate}`;
      const database = await openAt(trusting);
      const [session] = await database.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
      expect(session).to.deep.equal({ ssl: true });
      await claimed(await database.claim("tls")).assure();
      const wrong: [string, RegExp][] = [
        [url, /no encryption/],
        [`${url}?sslmode=verify-full`, /self-signed certificate/],
        [trusting.replace("127.0.0.1", "localhost"), /does not match certificate/],
      ];
      for (const [place, words] of wrong) {
        const error = await openDatabase({ url: place }).catch((refusal: unknown) => refusal as TwinwardError);
        expect(codeOf(error)).to.equal("DATABASE_UNAVAILABLE");
        expect((error as TwinwardError).facts.detail).to.match(words);
      }
      await postgres().stop();
      await postgres().start();
    });

    it("refuses a server that does not sync", async () => {
      const url = await postgres().createDatabase();
      await postgres().stop();
      await postgres().start({ fsync: "off" });
      const error = await openDatabase({ url }).catch((refusal: unknown) => refusal as TwinwardError);
      expect(error).to.have.property("code", "DATABASE_UNUSABLE");
      expect((error as TwinwardError).facts.detail).to.match(/fsync=off/);
      await postgres().stop();
      await postgres().start();
      await openAt(url);
    });
  });
});

/** Sends from each device without a pause while `meanwhile` lasts, the same bytes again after each failure. */
async function sendThrough(
  world: World,
  devices: readonly TestDevice[],
  meanwhile: (acks: readonly Ack[]) => Promise<void>,
): Promise<Ack[]> {
  const acks: Ack[] = [];
  let over = false;
  const senders = devices.map(async (device) => {
    while (!over) {
      const text = await device.next();
      for (let acked = false; !acked;) {
        try {
          acks.push(...((await world.gateway.accept([text])) as Ack[]));
          acked = true;
        } catch (error) {
          if (codeOf(error) !== "DATABASE_UNAVAILABLE") throw error;
          await new Promise((resolve) => setTimeout(resolve, 20)); // a device's own patience
        }
      }
    }
  });
  await Promise.race([meanwhile(acks), Promise.all(senders)]).finally(() => (over = true));
  await Promise.all(senders);
  return acks;
}

/** Message, facts, stack and every cause, as a careless log would write them. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  const own = Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, (error as never)[name]]));
  return `${JSON.stringify({ ...own, cause: undefined })}${error.stack ?? ""}${error.cause === undefined ? "" : everythingIn(error.cause)}`;
}
