import { createHash } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Where everything of one server lies. */
export interface DataDirectory {
  readonly root: string;
  readonly consortium: string;
  /** The endpoint of a consortium that is being founded; there only until consortium.json is. */
  readonly endpoint: string;
  readonly database: string;
  readonly chain: string;
  readonly dataKeys: string;
  /** The erasure that has begun, while it is not finished. */
  readonly erasing: string;
  /** The certificate of the authority over devices' TLS certificates; there once one was asked for. */
  readonly deviceAuthority: string;
  /** A UNIX socket, for its owner only, by which a running server is asked. */
  readonly control: string;
  key(name: string): string;
  oracle(index: number): string;
}

export function layoutOf(root: string): DataDirectory {
  return {
    root,
    consortium: join(root, "consortium.json"),
    endpoint: join(root, "founding-endpoint"),
    database: join(root, "database"),
    chain: join(root, "chain"),
    dataKeys: join(root, "keys/data-keys.json"),
    erasing: join(root, "keys/erasing.json"),
    deviceAuthority: join(root, "device-ca.pem"),
    control: controlOf(resolve(root)),
    key: (name) => join(root, `keys/${name}.key`),
    oracle: (index) => join(root, `oracles/${index}`),
  };
}

/** A socket's path has at most 107 bytes; a deep directory's socket lies in the temporary directory, by its hash. */
function controlOf(root: string): string {
  const path = join(root, "control.sock");
  if (Buffer.byteLength(path) <= 100) return path;
  return join(tmpdir(), `twinward-${createHash("sha256").update(root).digest("hex").slice(0, 16)}.sock`);
}

/** Makes the directory for its owner alone. */
export function makeDirectory(root: string): DataDirectory {
  mkdirSync(join(root, "keys"), { recursive: true, mode: 0o700 });
  chmodSync(root, 0o700);
  return layoutOf(root);
}
