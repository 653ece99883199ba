import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { anchorsOf, lastOf } from "../../../protocol/line.ts";
import { meetChain } from "../../anchor/meet-chain.ts";
import { followChain } from "../../chain/follow.ts";
import { isFollowedBy, readLine } from "../../chain/stream-line.ts";
import type { AnchorFact } from "../../chain/view.ts";
import { openKeyStore } from "../../keys/key-store.ts";
import { copyIn } from "../../store/copy-in.ts";
import type { Database, Tx } from "../../store/database.ts";
import { lockDirectory } from "../../store/lock.ts";
import { syncDirectory, writeDurably } from "../../store/write-durably.ts";
import { makeDirectory, type DataDirectory } from "../data-directory.ts";
import { streamOf } from "../observe-world.ts";
import { openChain, readConsortiumFile } from "../open-directory.ts";
import { placeDatabase } from "../place-database.ts";
import { readSettings } from "../settings.ts";
import { readBackupFile, type Backup } from "./file.ts";

/** What was put back, and what the chain has besides. */
export interface RestoreReport {
  readonly data: string;
  /** When the backup was made, ISO 8601. */
  readonly made: string;
  readonly leaves: number;
  readonly batches: number;
  readonly rows: Readonly<Record<string, number>>;
  /** Where the database lies that was there before; null where there was none. */
  readonly replaced: string | null;
  /** What the chain has anchored and this copy does not hold; null where nothing is missing. */
  readonly missing: { readonly batches: Range; readonly leaves: Range } | null;
  /** Signing keys that are not there: a server without them could not go on with its stream. */
  readonly missingKeys: readonly string[];
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const KEYS = ["gateway", "sender", "command", "member", "steward", "session"];

/**
 * Puts a backup's database into DATA, beside the key store (or its mirror) and the chain, which a backup does not hold. A
 * database that is there is kept under another name. Nothing is changed unless the backup is whole, belongs to this chain, and
 * every data key that it needs is there. Throws DATA_LOCKED while a server runs, UNUSABLE_BACKUP, CHAIN_DIFFERS,
 * CHAIN_UNAVAILABLE, KEY_MISSING, DATABASE_UNUSABLE where a server's database is not empty.
 */
export async function restoreDirectory(directory: string, from: string): Promise<RestoreReport> {
  const backup = await readBackupFile(resolve(from));
  const settings = readSettings(process.env, { data: resolve(directory) });
  const { databaseUrl, keysMirror } = settings;
  const data = makeDirectory(settings.data);
  const lock = await lockDirectory(data.root, "restore");
  try {
    const consortium = requireSame(data, backup);
    if (databaseUrl !== undefined) placeDatabase(data, databaseUrl);
    const { anchors, later } = await readAnchors(data, consortium, settings.rpcUrl, backup.head.copied.stream);
    const aside = `${data.database}.restoring`;
    await rm(aside, { recursive: true, force: true });
    const place = databaseUrl === undefined ? { directory: aside } : { url: databaseUrl };
    const check = (tx: Tx): Promise<void> => requireKeys(tx, data, keysMirror);
    const database = await copyIn(place, backup.head.copied, backup.pages(), check);
    let missing: RestoreReport["missing"];
    try {
      missing = (await missingFrom(database, anchors)) ?? rangesOf(later, backup.head.copied.size);
    } finally {
      await database.close();
    }
    const replaced = databaseUrl === undefined ? await putInPlace(data, aside) : null;
    if (readConsortiumFile(data) === undefined)
      await writeDurably(data.consortium, utf8(`${JSON.stringify(consortium, null, 2)}\n`));
    const { made, copied } = backup.head;
    return {
      data: data.root,
      made,
      leaves: copied.size,
      batches: copied.batches,
      rows: backup.end.rows,
      replaced,
      missing,
      missingKeys: KEYS.filter((name) => !existsSync(data.key(name))),
    };
  } finally {
    await lock.release();
  }
}

/** The consortium of the backup, which must be DATA's where it has one. */
function requireSame(data: DataDirectory, { head }: Backup): Consortium {
  const known = readConsortiumFile(data);
  const { consortium } = head;
  const nameOf = ({ chainId, genesis, contracts }: Consortium): string => JSON.stringify([chainId, genesis, contracts]);
  if (known !== undefined && nameOf(known) !== nameOf(consortium))
    throw new TwinwardError("CHAIN_DIFFERS", {
      detail: `The backup belongs to another consortium than ${data.consortium} names.`,
    });
  return consortium;
}

/**
 * The anchors of the backup's stream as the chain has them, the embedded one of DATA or the one at RPC_URL; and those that came in
 * streams that succeeded it.
 */
async function readAnchors(
  data: DataDirectory,
  consortium: Consortium,
  rpcUrl: string | undefined,
  stream: Hex | null,
): Promise<{ readonly anchors: readonly AnchorFact[]; readonly later: readonly AnchorFact[] }> {
  if (rpcUrl === undefined && !existsSync(join(data.chain, "genesis.json")))
    throw new TwinwardError("CHAIN_DIFFERS", {
      detail: `${data.chain} holds no chain, and a backup does not either. Put back the chain directory that you kept, or set RPC_URL.`,
    });
  const opened = await openChain(data, { rpcUrl, rpcPort: 0 });
  try {
    const chain = await followChain({ provider: opened.provider, consortium });
    try {
      const view = chain.view();
      const { stream: first } = streamOf(consortium);
      const written = stream ?? first;
      if (!isFollowedBy(view, first, written))
        throw new TwinwardError("CHAIN_DIFFERS", { detail: `The chain knows no stream ${written} of this gateway.` });
      const anchors = anchorsOf(readLine(view, written), view);
      const newest = lastOf(written, (id) => view.stream(id));
      return { anchors, later: anchorsOf(readLine(view, newest), view).slice(anchors.length) };
    } finally {
      await chain.close();
    }
  } finally {
    await opened.close();
  }
}

/** Every data key under which something of it is sealed, but those that were destroyed on purpose. */
async function requireKeys(tx: Tx, data: DataDirectory, mirror: string | undefined): Promise<void> {
  const needed = await tx.query<{ scope: Uint8Array; month: string }>(
    `select distinct scope, month from (select scope, month from reading union all select scope, month from held
     union all select scope, month from evidence union all select assignment, month from released_value
     union all select scope, month from finding where sealed is not null) as sealed order by month, scope`,
  );
  if (needed.length === 0) return;
  const mirrored = mirror !== undefined && existsSync(join(mirror, "data-keys.json"));
  if (!existsSync(data.dataKeys) && !mirrored)
    throw new TwinwardError("KEY_MISSING", {
      detail: `There is no key store: neither ${data.dataKeys} nor a mirror (KEYS_MIRROR). What is sealed in the backup could not be opened by anybody.`,
    });
  const keys = await openKeyStore(data.dataKeys, mirror === undefined ? {} : { mirror });
  try {
    const isLost = (scope: Hex, month: string): boolean => !keys.has(scope, month) && !keys.wasErased(scope, month);
    const lost = needed.filter(({ scope, month }) => isLost(toName(scope), month));
    const [first] = lost;
    if (first === undefined) return;
    throw new TwinwardError("KEY_MISSING", {
      missing: lost.length,
      detail: `${lost.length} of ${needed.length} data keys are not in the key store, the first that of ${toName(first.scope)} ${first.month}: it is older than the backup, or another one's.`,
    });
  } finally {
    await keys.close();
  }
}

const toName = (scope: Uint8Array): Hex => `0x${Buffer.from(scope).toString("hex")}`;

/** What the chain has in a stream that succeeded the copy's: nothing of it can be here. */
function rangesOf(later: readonly AnchorFact[], size: number): RestoreReport["missing"] {
  const [first, last] = [later[0], later.at(-1)];
  if (first === undefined || last === undefined) return null;
  const batches = { first: first.number, last: last.number };
  return { batches, leaves: { first: size, last: Math.max(size, last.firstLeaf + last.count - 1) } };
}

/** Batches whose leaves are all here are written down again; what the chain has besides is told. */
async function missingFrom(database: Database, anchors: readonly AnchorFact[]): Promise<RestoreReport["missing"]> {
  try {
    await meetChain(database, anchors);
    return null;
  } catch (error) {
    if (!(error instanceof TwinwardError) || error.code !== "STREAM_BEHIND") throw error;
    const { batches, leaves } = error.facts as { batches: Range; leaves: Range };
    return { batches, leaves };
  }
}

/** Two renames: die between them and there is no database; the next restore, or renaming it back by hand, repairs it. */
async function putInPlace(data: DataDirectory, aside: string): Promise<string | null> {
  let replaced: string | null = null;
  if (existsSync(data.database)) {
    replaced = `${data.database}.before-${new Date().toISOString().replaceAll(":", "-")}`;
    await rename(data.database, replaced);
  }
  await rename(aside, data.database);
  await syncDirectory(dirname(data.database));
  return replaced;
}
