/** How long a batch takes to be sealed, and to be checked before it is anchored; how many proofs a second come out of it. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex, u64be, type Hex } from "../../protocol/bytes.ts";
import { sha256, sha256Hex } from "../../protocol/hash.ts";
import { es256Signer, newPrivateKey } from "../../protocol/es256.ts";
import { Tree, verifyInclusion } from "../../protocol/tree.ts";
import { checkContents } from "../../server/anchor/check-contents.ts";
import { recomputeStoredRoot } from "../../server/anchor/recompute-root.ts";
import { seal } from "../../server/anchor/seal.ts";
import { Committer } from "../../server/store/committer.ts";
import { openDatabase, type DatabasePlace } from "../../server/store/database.ts";
import type { ReadingEntry } from "../../server/store/entry.ts";
import { readLeafHashes } from "../../server/store/read-leaves.ts";
import { startPostgres, type PostgresServer } from "../../test/helpers/postgres-server.ts";
import { meanRate, startMachine } from "./parts/machine-rate.ts";
import { databasesOf, type DatabaseKind } from "./parts/open-ward.ts";
import { quantile, rounded } from "./parts/quantile.ts";
import { readWords, say } from "./parts/read-words.ts";

const HELP = `Usage: twinward bench anchor [options]

Sealing a batch, checking it before it is anchored, proofs out of it

  --leaves N       leaves that are sealed in memory (100000)
  --stored N       leaves that are stored, read, sealed and checked as before an anchor (65536, the most of one batch)
  --rounds N       the median of so many is given (7)
  --database NAME  where they are stored: pglite, postgres or both (both)
  --json           one JSON value instead of a table

What the chain is paid for an anchor is measured elsewhere: test/contracts/gas/snapshot.json.`;

const words = readWords(HELP, { leaves: 100_000, stored: 65_536, rounds: 7, database: "both", json: false });
const databases = databasesOf(words.database);
const PROOFS = 20_000;
const ID: Hex = `0x${"a1".repeat(32)}`;

/** ms of each part that a turn of the anchor loop does with a batch, in its order. */
interface Stored {
  readonly database: DatabaseKind;
  readonly leaves: number;
  readonly read: number;
  readonly seal: number;
  readonly contents: number;
  readonly recompute: number;
}

const kept = await measureTree();
const stored: (Stored | { readonly database: DatabaseKind; readonly absent: string })[] = [];
for (const database of databases) stored.push(await measureStored(database));
console.log(words.json ? JSON.stringify({ ...kept, stored }) : table());

async function middle(act: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < words.rounds; round++) {
    const began = performance.now();
    await act();
    times.push(performance.now() - began);
  }
  return rounded(quantile(times, 0.5), 1);
}

async function measureTree() {
  const machine = startMachine();
  const before = await machine.rate();
  say(`sealing ${words.leaves} leaves`);
  const flat = new Uint8Array(32 * words.leaves);
  for (let i = 0; i < words.leaves; i++) flat.set(sha256(u64be(i)), 32 * i);
  const sealMs = await middle(() => seal(0, 0, flat));
  const tree = new Tree(flat);
  const at = (n: number): number => (n * 7_919) % words.leaves;
  const proofMs = await middle(() => {
    for (let n = 0; n < PROOFS; n++) tree.path(at(n));
  });
  const root = tree.root();
  const checkMs = await middle(() => {
    for (let n = 0; n < PROOFS; n++) {
      const leaf = flat.subarray(32 * at(n), 32 * at(n) + 32);
      if (!verifyInclusion(leaf, at(n), words.leaves, tree.path(at(n)), root)) throw new Error("a proof is wrong");
    }
  });
  const perSecond = (ms: number): number => Math.round((1000 * PROOFS) / ms);
  const bare = meanRate(before, await machine.rate());
  await machine.close();
  return {
    bare,
    leaves: words.leaves,
    sealMs,
    proofsPerSecond: perSecond(proofMs),
    checkedPerSecond: perSecond(checkMs),
  };
}

async function measureStored(database: DatabaseKind): Promise<(typeof stored)[number]> {
  const directory = mkdtempSync(join(tmpdir(), "twinward-bench-"));
  let server: PostgresServer | undefined;
  try {
    let place: DatabasePlace = { directory: join(directory, "database") };
    if (database === "postgres") {
      const started = await startPostgres();
      if ("absent" in started) return { database, absent: started.absent };
      server = started;
      place = { url: await server.createDatabase() };
    }
    const opened = await openDatabase(place);
    try {
      say(`${database}: storing ${words.stored} leaves`);
      await store(opened);
      const read = await middle(() => readLeafHashes(opened, 0, words.stored));
      const hashes = await readLeafHashes(opened, 0, words.stored);
      const contents = await middle(() => checkContents(opened, 0, words.stored));
      const sealed = seal(0, 0, hashes);
      const recompute = await middle(async () => {
        const root = await recomputeStoredRoot(opened, 0, words.stored);
        if (root !== sealed?.root) throw new Error("two routines make two roots");
      });
      return {
        database,
        leaves: words.stored,
        read,
        seal: await middle(() => seal(0, 0, hashes)),
        contents,
        recompute,
      };
    } finally {
      await opened.close();
    }
  } finally {
    await server?.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Leaves as the gateway stores them, of the size of readings; nobody signed them, and nothing here asks. */
async function store(database: Awaited<ReturnType<typeof openDatabase>>): Promise<void> {
  const committer = new Committer({
    database,
    chainId: 1,
    anchorLog: `0x${"a1".repeat(20)}`,
    stream: ID,
    signer: es256Signer(newPrivateKey((size) => randomBytes(size))),
    now: Date.now,
    anchorWithinSeconds: 60,
  });
  const device = toHex(randomBytes(32));
  for (let first = 0; first < words.stored; first += 1_024) {
    const entries = Array.from({ length: Math.min(1_024, words.stored - first) }, (_, i): ReadingEntry => {
      const sequence = first + i + 1;
      const signingInput = randomBytes(675).toString("base64url");
      const content = sha256Hex(signingInput);
      const rest = { nonce: randomBytes(12), sealed: randomBytes(2_200), signature: randomBytes(64) };
      const per = [10_000 * sequence, 10_000 * sequence + 10_000] as const;
      return { kind: "reading", device, sequence, content, signingInput, per, scope: ID, month: "2026-11", ...rest };
    });
    await committer.submit(async () => ({ entries, result: () => undefined }));
  }
  await committer.close();
}

function table(): string {
  const rows: [string, string][] = [
    [`sealing ${kept.leaves} leaves, in memory`, `${kept.sealMs} ms`],
    ["proofs", `${kept.proofsPerSecond} /s`],
    ["proofs made and verified", `${kept.checkedPerSecond} /s`],
    ["bare ES256 on all cores, before and after", `${kept.bare} /s`],
    ...stored.map((one): [string, string] =>
      "absent" in one
        ? [one.database, `not measured, ${one.absent}`]
        : [
            `${one.leaves} leaves stored in ${one.database}`,
            `read ${one.read} ms, seal ${one.seal} ms, hash every stored byte again ${one.contents} ms, ` +
              `derive the root again ${one.recompute} ms`,
          ],
    ),
  ];
  return rows.map(([what, figure]) => `${what.padEnd(44)}${figure}`).join("\n");
}
