// A real PostgreSQL server for a test: Debian's, on a free port, in a directory of its own.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { installPostgres } from "../../scripts/install-postgres.ts";
import { freePorts } from "./journey.ts";

/** A password with everything in it that a URL has to write otherwise. */
export const PASSWORD = "p@ss:w/rd%2B&?#";
const USER = "twinward";
const READY_WITHIN_MS = 30_000;

export interface PostgresServer {
  readonly port: number;
  /** The process whose children serve the connections. */
  pid(): number;
  /** A new, empty database; its URL. `words` follow CREATE DATABASE's name. */
  createDatabase(words?: string): Promise<string>;
  /** Runs SQL as the owner, in the database of the URL or in the server's own. */
  query(sql: string, url?: string): Promise<Record<string, unknown>[]>;
  /** Ends it: "SIGINT" cuts every connection and shuts down, "SIGQUIT" dies at once, as after a crash. */
  stop(signal?: "SIGINT" | "SIGQUIT"): Promise<void>;
  /** Starts it again, on the same port and files. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Starts it again with TLS only, on a certificate of its own for 127.0.0.1; the certificate's file. */
  startTls(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Room of `$1` bytes for a tablespace, in a file system that only this process sees and that ends with it. Linux lets everybody
 * have one, in a user namespace of their own, unless it was told not to.
 */
const OWN_ROOM = 'mount -t tmpfs -o "size=$1,mode=700" tmpfs "$2" && shift 2 && exec "$@"';
const IN_OWN_MOUNTS = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c", OWN_ROOM, "sh"];

/** PostgreSQL refuses to run as root; Debian's package makes an account for it. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout.trim());
  return { uid: id("-u"), gid: id("-g") };
}

/** A server, or why there is none. With `roomBytes`, where the kernel allows that, it has a tablespace `small`, which lasts until it is stopped. */
export async function startPostgres(roomBytes?: number): Promise<PostgresServer | { absent: string }> {
  const programs = installPostgres((line) => console.log(`      ${line}`));
  if ("absent" in programs) return programs;
  const [port] = (await freePorts(1)) as [number];
  const directory = mkdtempSync(join(tmpdir(), "twinward-postgres-"));
  const as = account();
  const passwordFile = join(directory, "password");
  const files = join(directory, "files");
  const small = join(directory, "small");
  writeFileSync(passwordFile, PASSWORD);
  mkdirSync(small);
  for (const path of [directory, passwordFile, small])
    if (as.uid !== undefined && as.gid !== undefined) chownSync(path, as.uid, as.gid);
  const room = roomBytes === undefined ? [] : [...IN_OWN_MOUNTS, String(roomBytes), small];
  const [unshare, ...others] = room;
  const tried =
    unshare === undefined ? undefined : spawnSync(unshare, [...others, "true"], { ...as, encoding: "utf8" });
  if (tried !== undefined && tried.status !== 0) {
    rmSync(directory, { recursive: true, force: true });
    return { absent: `no room of its own: ${tried.error?.message ?? tried.stderr.trim()}` };
  }
  const made = spawnSync(
    join(programs.path, "initdb"),
    [
      "-D",
      files,
      "-U",
      USER,
      "-A",
      "scram-sha-256",
      `--pwfile=${passwordFile}`,
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    ],
    { ...as, cwd: directory, encoding: "utf8" },
  );
  if (made.status !== 0) {
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`initdb ended with ${made.status}: ${made.stderr}`);
  }

  let running: ChildProcess | undefined;
  let databases = 0;
  const urlOf = (name: string): string =>
    `postgresql://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${name}`;
  const kill = (): void => void running?.kill("SIGQUIT");
  process.on("exit", kill);

  const server: PostgresServer = {
    port,
    pid: () => running?.pid ?? -1,
    createDatabase: async (words = "") => {
      const name = `test_${++databases}`;
      await server.query(`create database ${name} ${words}`);
      return urlOf(name);
    },
    query: async (sql, url = urlOf("postgres")) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(sql)).rows;
      } finally {
        await client.end();
      }
    },
    stop: async (signal = "SIGINT") => {
      const mine = running;
      if (mine === undefined) return;
      const gone = new Promise((resolve) => mine.once("close", resolve));
      running = undefined;
      mine.kill(signal);
      await gone;
    },
    start: async (settings = {}) => {
      const set = { port, listen_addresses: "127.0.0.1", unix_socket_directories: "", lc_messages: "C", ...settings };
      const words = Object.entries(set).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      const [program = "", ...rest] = [...room, join(programs.path, "postgres"), "-D", files, ...words];
      const child = spawn(program, rest, {
        ...as,
        cwd: directory,
        stdio: ["ignore", "ignore", "pipe"],
      });
      running = child;
      await ready(child);
    },
    startTls: async () => {
      const at = (name: string): string => join(directory, name);
      const [key, certificate, hba] = [at("server.key"), at("server.crt"), at("hba.conf")];
      const words = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
      ];
      const paths = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate];
      const { status, stderr } = spawnSync("openssl", [...words, ...paths], {
        ...as,
        cwd: directory,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`openssl ended with ${status}: ${stderr}`);
      writeFileSync(hba, "hostssl all all 127.0.0.1/32 scram-sha-256\n");
      await server.start({ ssl: "on", ssl_cert_file: certificate, ssl_key_file: key, hba_file: hba });
      return certificate;
    },
    close: async () => {
      process.off("exit", kill);
      await server.stop("SIGQUIT");
      rmSync(directory, { recursive: true, force: true });
    },
  };
  try {
    await server.start();
    if (roomBytes !== undefined) await server.query(`create tablespace small location '${small}'`);
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

/** It says so itself when it takes connections. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const late = setTimeout(() => reject(new Error(`postgres was not ready: ${said}`)), READY_WITHIN_MS);
    child.once("exit", (code) => reject(new Error(`postgres ended with ${code}: ${said}`)));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (!said.includes("ready to accept connections")) return;
      clearTimeout(late);
      resolve();
    });
  });
}
