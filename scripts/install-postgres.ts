import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findOrInstall, type Found } from "./debian-package.ts";

const VERSIONS = "/usr/lib/postgresql";
/** Debian's package makes a cluster and starts it on port 5432; tests make their own, so nothing shall run for them. */
const SETTINGS = "/etc/postgresql-common/createcluster.d";

/**
 * Finds PostgreSQL's programs (the directory that has `initdb` and `postgres`), the newest of several, or installs Debian's.
 * `POSTGRES_BIN` names another directory.
 */
export function installPostgres(say?: (line: string) => void): Found {
  const prepare = (): void => {
    mkdirSync(SETTINGS, { recursive: true });
    writeFileSync(join(SETTINGS, "twinward-tests.conf"), "create_main_cluster = false\n");
  };
  return findOrInstall({ package: "postgresql", variable: "POSTGRES_BIN", find, prepare }, say);
}

function find(): string | undefined {
  const set = process.env.POSTGRES_BIN;
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  const places = set === undefined ? versions.map((version) => join(VERSIONS, version, "bin")) : [set];
  return places.find((place) => ["initdb", "postgres"].every((program) => existsSync(join(place, program))));
}

// Run as a program (`node scripts/install-postgres.ts`): say what there is.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const postgres = installPostgres(console.log);
  console.log("path" in postgres ? `postgresql: ${postgres.path}` : `no postgresql: ${postgres.absent}`);
  if ("absent" in postgres) process.exitCode = 1;
}
