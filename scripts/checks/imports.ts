// The import table of ARCHITECTURE.md as a program: which room may import which of our own rooms.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** A path prefix: a room (`server/chain`), or one file of it (`server/access/decide`). */
type Place = string;

const PURE: Place[] = ["server/access/decide", "server/oracle/judge", "server/response/match"];
const SERVED: Place[] = ["server/gateway", "server/anchor", "server/access", "server/twin", "server/response"];

export const ALLOWED: Record<string, Place[]> = {
  protocol: [],
  ml: [],
  lab: ["protocol", "ml", ...PURE],
  "server/config": [],
  "server/store": ["protocol"],
  "server/keys": ["protocol"],
  "server/chain": ["protocol", "server/store"],
  "server/gateway": ["protocol", "server/store", "server/keys", "server/chain"],
  "server/anchor": ["protocol", "server/store", "server/keys", "server/chain"],
  "server/access": ["protocol", "server/store", "server/keys", "server/chain"],
  "server/response": ["protocol", "server/store", "server/keys", "server/chain", "ml"],
  "server/twin": ["protocol", "server/store", "server/keys", "server/access", "ml"],
  "server/oracle": ["protocol", "server/chain", "ml", "apps/sdk"],
  "server/training": ["protocol", "server/chain", "ml", "apps/sdk"],
  "server/api": ["protocol", ...SERVED, "server/oracle", "server/training"],
  "server/main": ["protocol", "server"],
  "apps/sdk": ["protocol"],
  "apps/console": ["apps/sdk", "protocol"],
  "apps/cli": ["apps/sdk", "apps/console", "protocol", "server/main", "server/store/lock", "ml", "lab"],
  scripts: [""],
  test: [""],
};

const ROOMS = Object.keys(ALLOWED).sort((a, b) => b.length - a.length);

/** The room that a file of the repository belongs to; undefined for files at the root. */
export function roomOf(file: string): string | undefined {
  return ROOMS.find((room) => file.startsWith(`${room}/`));
}

/** Every module that a source imports or starts as a worker or process, as it is written there. */
export function importsOf(source: string): string[] {
  const patterns = [
    /(?:^|[\s;}])(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?["']([^"']+)["']/g,
    /\bimport\(\s*["']([^"']+)["']\s*\)/g,
    /\bnew URL\(\s*["'](\.[^"']+\.(?:ts|tsx|mjs|json))["']\s*,\s*import\.meta\.url\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1] ?? ""));
}

/** Every arrow between two rooms that the table does not allow, in words. */
export function forbiddenImports(files: { file: string; source: string }[]): string[] {
  const wrong: string[] = [];
  for (const { file, source } of files) {
    const room = roomOf(file);
    if (room === undefined) continue;
    for (const name of importsOf(source)) {
      if (!name.startsWith(".")) continue;
      const target = posix.normalize(posix.join(posix.dirname(file), name));
      const allowed = [room, ...(ALLOWED[room] ?? [])];
      if (target.startsWith("..") || target === "package.json") continue;
      if (allowed.some((place) => place === "" || target.startsWith(`${place}/`) || target.startsWith(`${place}.`)))
        continue;
      wrong.push(
        `${file} imports ${target}: ${room} may import ${(ALLOWED[room] ?? []).join(", ") || "nothing of ours"}`,
      );
    }
  }
  return wrong;
}

/** The repository's own TypeScript, with its text. */
export function ownSources(): { file: string; source: string }[] {
  return ["protocol", "ml", "lab", "server", "apps", "scripts", "test"]
    .flatMap((room) => globSync(`${room}/**/*.{ts,tsx,mjs}`, { cwd: root }))
    .map((file) => ({ file: relative(root, join(root, file)), source: readFileSync(join(root, file), "utf8") }));
}
