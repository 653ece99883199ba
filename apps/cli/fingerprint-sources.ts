import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { Hex } from "../../protocol/bytes.ts";
import { sha256Hex } from "../../protocol/hash.ts";

/** A name for code as it is: SHA-256 over the path and bytes of every .ts file under the directories. */
export function fingerprintSources(directories: readonly string[]): Hex {
  const files = directories.flatMap((directory, place) =>
    readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .sort()
      .map((name) => [place, name.split(sep).join("/"), sha256Hex(readFileSync(join(directory, name), "utf8"))]),
  );
  return sha256Hex(JSON.stringify(files));
}
