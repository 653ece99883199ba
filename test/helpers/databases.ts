// One suite, told twice: of the embedded database and of a real server.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabasePlace } from "../../server/store/database.ts";
import { startPostgres, type PostgresServer } from "./postgres-server.ts";

/** Where a suite's databases are. */
export interface Databases {
  readonly kind: "embedded" | "server";
  /** Of a new, empty database. */
  place(): Promise<DatabasePlace>;
}

/** Defines the suite for PGlite and for PostgreSQL. Where no server can be had its tests are skipped and say why. */
export function describeOnBoth(title: string, define: (databases: Databases) => void): void {
  describe(`${title}, embedded`, () => {
    const directories: string[] = [];
    after(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))));
    define({
      kind: "embedded",
      place: async () => {
        const directory = await mkdtemp(join(tmpdir(), "twinward-database-"));
        directories.push(directory);
        return { directory: join(directory, "database") };
      },
    });
  });
  describeOnPostgres(`${title}, PostgreSQL`, (server) =>
    define({ kind: "server", place: async () => ({ url: await server().createDatabase() }) }),
  );
}

/** Defines a suite that has a PostgreSQL server of its own; with `roomBytes` one that has the tablespace `small`. */
export function describeOnPostgres(
  title: string,
  define: (server: () => PostgresServer) => void,
  roomBytes?: number,
): void {
  describe(title, function () {
    let server: PostgresServer | undefined;
    before(async function () {
      const started = await startPostgres(roomBytes);
      if ("absent" in started) {
        if (process.env.CI === "true" && roomBytes === undefined) throw new Error(`no PostgreSQL: ${started.absent}`);
        console.log(`      skipped: ${started.absent}`);
        this.skip();
      }
      server = started;
    });
    after(() => server?.close());
    define(() => {
      if (server === undefined) throw new Error("the server was not started");
      return server;
    });
  });
}
