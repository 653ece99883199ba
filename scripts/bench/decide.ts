/** How many decisions the rule makes, and how many of them leave through the door, each a leaf on disk. */
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { Wallet } from "ethers";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { connect } from "../../apps/sdk/index.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { purposesMask, PURPOSES } from "../../protocol/words.ts";
import { decide, type Ask, type Facts } from "../../server/access/decide.ts";
import { startMachine } from "./parts/machine-rate.ts";
import { databasesOf, openWard, type DatabaseKind, type Ward } from "./parts/open-ward.ts";
import { rounded, spread, type Spread } from "./parts/quantile.ts";
import { readWords, say } from "./parts/read-words.ts";

const HELP = `Usage: twinward bench decide [options]

How many decisions a second: the rule alone, and through the door with a durable leaf for each

  --database NAME   pglite, postgres or both (both)
  --seconds N       how long each is measured (5)
  --readers N       who ask at once (64)
  --json            one JSON value instead of a table

The rule is asked in one thread, one question after the other, permitted and denied in turn. Through the door each of the readers
asks for a twin's description, which shows no reading: sign-in, chain view, rule, record, group commit, answer. Beside them stand the
machine's own limits in the same run: its bare ES256 verifications per CPU second, and answers of the same server to
/healthz, which decides nothing. The load generator has a share of the same cores.`;

const words = readWords(HELP, { database: "both", seconds: 5, readers: 64, json: false });
const databases = databasesOf(words.database);
const HOUR_MS = 3_600_000;

interface Door {
  readonly database: DatabaseKind;
  /** Decisions a second, each durable before its answer. */
  readonly perSecond: number;
  /** Answers of /healthz a second. */
  readonly bare: number;
  readonly ratio: number;
  /** From ask to answer, ms. */
  readonly latency: Spread;
  /** CPU of the server, its chain and its database for one, ms. */
  readonly cpuMs: number;
}

interface Figures {
  readonly rule: { readonly perSecond: number; readonly bare: number; readonly ratio: number };
  readonly door: readonly (Door | { readonly database: DatabaseKind; readonly absent: string })[];
}

const figures: Figures = { rule: await measureRule(), door: [] };
for (const database of databases) (figures.door as Figures["door"][number][]).push(await measureDoor(database));
console.log(words.json ? JSON.stringify(figures) : tableOf(figures));

async function measureRule(): Promise<Figures["rule"]> {
  say("the rule");
  const machine = startMachine();
  const { perCpuSecond } = await machine.rate();
  await machine.close();
  const perSecond = decisionsPerSecond(1_000 * Math.min(words.seconds, 2));
  return { perSecond, bare: Math.round(perCpuSecond), ratio: rounded(perSecond / perCpuSecond, 1) };
}

function decisionsPerSecond(ms: number): number {
  const now = 1_790_000_000;
  const grant = { sameTwin: true, sameReader: true, revoked: false, epochRaised: false, parentRevoked: false };
  const facts: Facts = {
    twin: { segments: 0xffn, commands: 0n, security: false, ended: false, consent: purposesMask(["research"]) },
    ...{ device: "active", readerIsOracle: false, consented: 0 },
    grant: { ...grant, from: now - 10, until: now + 10, segments: 0x0fn, purposes: purposesMask(PURPOSES) },
  };
  const asks = (["care", "research"] as const).map((purpose): Ask => ({ action: "read", purpose, segments: 3n, now }));
  let count = 0;
  let permitted = 0;
  const began = performance.now();
  for (const until = began + ms; performance.now() < until;)
    for (let n = 0; n < 1_000; n++) {
      const ask = asks[n % asks.length] as Ask;
      permitted += decide(facts, ask) === "Permitted" ? 1 : 0;
      count += 1;
    }
  if (permitted * 2 !== count) throw new Error("the rule permits something else than it should");
  return Math.round((1_000 * count) / (performance.now() - began));
}

async function measureDoor(database: DatabaseKind): Promise<Figures["door"][number]> {
  say(`${database}: starting a server`);
  const plan = { database, devices: 1, perRequest: 64, periodMs: 1_000, readingsPerDevice: 64 };
  const ward = await openWard(plan);
  if ("absent" in ward) return { database, absent: ward.absent };
  try {
    await ward.sign(64);
    await ward.send(64);
    const [device] = ward.devices as [Hex];
    const wallet = new Wallet(toHex(randomBytes(32)));
    const { stewardKey, url } = ward;
    const twin = await createTwin({ url, stewardKey, device, segments: ["heart"], name: "bench" });
    const reader = wallet.address.toLowerCase() as Hex;
    await giveGrant({ url, stewardKey, twin, reader, purposes: ["care"], until: Date.now() + HOUR_MS });
    const { token } = await connect({ url, signer: wallet }).login();
    const path = `/v1/twins/${twin}/description`;
    await ask(ward, path, token, 1_000);
    say(`${database}: decisions`);
    const used = ward.cpu();
    const decided = await ask(ward, path, token, 1_000 * words.seconds);
    const cpuMs = rounded((1_000 * (ward.cpu() - used)) / decided.times.length, 2);
    say(`${database}: answers without one`);
    const bare = await ask(ward, "/healthz", token, 1_000 * words.seconds);
    const ratio = rounded(decided.perSecond / bare.perSecond, 3);
    return {
      database,
      perSecond: decided.perSecond,
      bare: bare.perSecond,
      ratio,
      latency: spread(decided.times),
      cpuMs,
    };
  } finally {
    await ward.close();
  }
}

/** So many readers, each asking again as soon as it was answered. */
async function ask(
  { url }: Ward,
  path: string,
  token: string,
  ms: number,
): Promise<{ readonly times: number[]; readonly perSecond: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: words.readers });
  const times: number[] = [];
  const began = performance.now();
  const one = async (): Promise<void> => {
    while (performance.now() < began + ms) {
      const asked = performance.now();
      await new Promise<void>((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}` };
        request(new URL(path, url), { agent, headers }, (response) => {
          response.resume().once("end", () => {
            if (response.statusCode === 200) resolve();
            else reject(new Error(`${path} was answered with ${response.statusCode}`));
          });
        })
          .once("error", reject)
          .end();
      });
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: words.readers }, one));
  agent.destroy();
  return { times, perSecond: Math.round((1_000 * times.length) / (performance.now() - began)) };
}

function tableOf({ rule, door }: Figures): string {
  const rows: [string, string][] = [
    [
      "the rule alone, one thread",
      `${rule.perSecond} decisions/s, ${rule.ratio} × the ${rule.bare} bare ES256 verifications`,
    ],
  ];
  for (const one of door) {
    if ("absent" in one) rows.push([one.database, `not measured, ${one.absent}`]);
    else {
      const { database, perSecond, ratio, bare, latency, cpuMs } = one;
      rows.push(
        [
          `${database}: through the door, a durable leaf each`,
          `${perSecond} decisions/s, ${ratio} of ${bare} bare answers/s`,
        ],
        [
          `${database}: p50, p99, most`,
          `${latency.p50}, ${latency.p99}, ${latency.most} ms of ${latency.count}; ${cpuMs} ms of CPU each`,
        ],
      );
    }
  }
  return rows.map(([what, figure]) => `${what.padEnd(48)}${figure}`).join("\n");
}
