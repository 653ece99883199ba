import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { readDeviceModel, type DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { canonical, parseStrict } from "../../protocol/json.ts";
import { readManifest, type Manifest } from "../../protocol/manifest.ts";
import type { Database } from "../store/database.ts";
import { readDocument } from "../store/read-document.ts";

export type DocumentKind = "device-model" | "manifest";

/** A device model or a manifest, found by the hash that the chain has of it. */
export interface KeptDocument {
  readonly hash: Hex;
  readonly kind: DocumentKind;
  /** RFC 8785 JSON: its SHA-256 is the hash. */
  readonly body: string;
}

export interface Documents {
  /** Keeps a device-model@1 or manifest@1. Throws UNUSABLE_DEVICE_MODEL or UNUSABLE_MANIFEST. */
  readonly keep: (value: unknown) => Promise<KeptDocument>;
  readonly find: (hash: Hex) => Promise<KeptDocument | undefined>;
  readonly model: (hash: Hex) => Promise<DeviceModel | undefined>;
  readonly manifest: (hash: Hex) => Promise<Manifest | undefined>;
}

/** Who names documents by their hashes: registered devices their models, twins their manifests. */
export interface NamingView {
  devices(): readonly { readonly id: Hex; readonly modelHash: Hex }[];
  twinsOf(device: Hex): readonly { readonly manifestHash: Hex }[];
}

/**
 * Documents are uploaded before the chain names them, by anybody: so there is an end to how many are kept that it does not
 * name. Beyond it the oldest go; whoever still needs one uploads it again.
 */
const MOST_UNNAMED = 10_000;
const MOST_CACHED = 256;

export function createDocuments(
  database: Database,
  chain: { view(): NamingView },
  mostUnnamed = MOST_UNNAMED,
): Documents {
  // Which documents are unnamed is looked up for many uploads at once: a flood of them shall cost little.
  const atOnce = Math.max(1, Math.floor(mostUnnamed / 100));
  let room = 0;
  let making: Promise<void> | undefined;
  // What a hash names never changes, so what was parsed once may be kept.
  const parsed = new Map<Hex, DeviceModel | Manifest>();

  async function find(hash: Hex): Promise<KeptDocument | undefined> {
    const row = await readDocument(database, hash);
    return row && { hash, ...row };
  }

  async function open<T extends DeviceModel | Manifest>(
    hash: Hex,
    kind: DocumentKind,
    read: (value: unknown) => T,
  ): Promise<T | undefined> {
    const known = parsed.get(hash);
    if (known) return known.format === `${kind}@1` ? (known as T) : undefined;
    const found = await find(hash);
    if (found?.kind !== kind) return undefined;
    if (sha256Hex(found.body) !== hash) throw new TwinwardError("DATA_UNUSABLE", { document: hash });
    const value = read(parseStrict(found.body));
    if (parsed.size >= MOST_CACHED) parsed.clear();
    parsed.set(hash, value);
    return value;
  }

  /** Deletes the oldest unnamed documents, so that there is room for some more. Nothing else is lost if we die in between. */
  async function makeRoom(): Promise<void> {
    const view = chain.view();
    const named = new Set(
      view.devices().flatMap(({ id, modelHash }) => [modelHash, ...view.twinsOf(id).map((twin) => twin.manifestHash)]),
    );
    const rows = await database.query<{ hash: Uint8Array }>("select hash from document order by arrived");
    const unnamed = rows.filter(({ hash }) => !named.has(toHex(hash)));
    const excess = Math.max(0, unnamed.length + atOnce - mostUnnamed);
    const old = unnamed.slice(0, excess).map(({ hash }) => hash);
    if (old.length > 0)
      await database.query("delete from document where hash in (select * from unnest($1::bytea[]))", [old]);
    for (const hash of old) parsed.delete(toHex(hash));
    room = mostUnnamed - (unnamed.length - old.length);
  }

  return {
    async keep(value) {
      const kind = kindOf(value);
      const body = canonical(kind === "manifest" ? readManifest(value) : readDeviceModel(value));
      const hash = sha256Hex(body);
      if (await find(hash)) return { hash, kind, body };
      while (room <= 0) await (making ??= makeRoom().finally(() => (making = undefined)));
      room -= 1;
      const values = [fromHex(hash, 32), kind, body];
      await database.query(
        "insert into document (hash, kind, body) values ($1, $2, $3) on conflict (hash) do nothing",
        values,
      );
      return { hash, kind, body };
    },
    find,
    model: (hash) => open(hash, "device-model", readDeviceModel),
    manifest: (hash) => open(hash, "manifest", readManifest),
  };
}

function kindOf(value: unknown): DocumentKind {
  const format = typeof value === "object" && value !== null && "format" in value ? value.format : undefined;
  return format === "manifest@1" ? "manifest" : "device-model";
}
