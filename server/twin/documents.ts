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
  /** Keeps a device-model@1 or manifest@1. Throws UNUSABLE_DEVICE_MODEL or UNUSABLE_MANIFEST; OVERLOADED when full. */
  readonly keep: (value: unknown) => Promise<KeptDocument>;
  readonly find: (hash: Hex) => Promise<KeptDocument | undefined>;
  readonly model: (hash: Hex) => Promise<DeviceModel | undefined>;
  readonly manifest: (hash: Hex) => Promise<Manifest | undefined>;
}

/** Documents are uploaded before the chain names them, by anybody: so there is an end to how many are kept. */
const MOST_DOCUMENTS = 10_000;
const MOST_CACHED = 256;

export function createDocuments(database: Database): Documents {
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

  return {
    async keep(value) {
      const kind = kindOf(value);
      const body = canonical(kind === "manifest" ? readManifest(value) : readDeviceModel(value));
      const hash = sha256Hex(body);
      const rows = await database.query<{ hash: Uint8Array }>(
        `insert into document (hash, kind, body) select $1, $2, $3 where (select count(*) from document) < $4
         on conflict (hash) do nothing returning hash`,
        [fromHex(hash, 32), kind, body, MOST_DOCUMENTS],
      );
      const [row] = rows;
      const kept = row ? { hash: toHex(row.hash), kind, body } : await find(hash);
      if (!kept) throw new TwinwardError("OVERLOADED", { detail: "No more documents are kept here." });
      return kept;
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
