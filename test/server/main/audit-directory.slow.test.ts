import { expect } from "chai";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Hex } from "../../../protocol/bytes.ts";
import { openKeyStore } from "../../../server/keys/key-store.ts";
import { auditDirectory, type AuditReport } from "../../../server/main/audit-directory.ts";
import { startServer } from "../../../server/main/start.ts";
import { auditedWorld, BREATHLESS, copyOfWorld, ROWS, type AuditedWorld } from "./audit-world.ts";

const CLI = fileURLToPath(new URL("../../../apps/cli/twinward.mjs", import.meta.url));

const countOf = (report: AuditReport | undefined, name: string): number | undefined =>
  report?.checked.find((one) => one.name === name)?.count;
const places = (report: AuditReport | undefined): string[] => (report?.lies ?? []).map(({ place }) => place);

describe("audit of a directory", () => {
  let world: AuditedWorld;
  before(async () => {
    world = await auditedWorld();
  });

  let copy: Awaited<ReturnType<typeof copyOfWorld>>;
  beforeEach(async () => {
    copy = await copyOfWorld();
  });
  afterEach(() => copy.remove());
  const keyFile = (): string => join(copy.data, "keys/data-keys.json");
  interface StoredKeys {
    readonly format: string;
    readonly keys: { scope: Hex; month: string; wrapped: Hex }[];
  }
  const storedKeys = (): StoredKeys => JSON.parse(readFileSync(keyFile(), "utf8")) as StoredKeys;
  const storeKeys = (stored: StoredKeys): void => writeFileSync(keyFile(), `${JSON.stringify(stored, null, 1)}\n`);
  const running = async (ask: () => Promise<void>): Promise<void> => {
    const server = await startServer({ LOG_LEVEL: "silent" }, { data: copy.data, port: 0 });
    try {
      await ask();
    } finally {
      await server.close();
    }
  };

  it("passes with the server stopped and running, and says so by its exit code", async () => {
    const stopped = await runAudit(["--data", copy.data, "--acks", world.acksFile]);
    expect(stopped.err).to.equal("");
    expect(stopped.code).to.equal(0);
    expect(stopped.out).to.match(
      new RegExp(`${2 * ROWS + 12}  readings, ${BREATHLESS} of them flagged out of range \\(resp ${BREATHLESS}\\)`),
    );
    await running(async () => {
      const report = await auditDirectory(copy.data, { acks: world.acksFile });
      expect(report.lies).to.deep.equal([]);
      expect(countOf(report, "readings")).to.equal(2 * ROWS + 12);
      expect(countOf(report, "chain journal")).to.be.greaterThan(10);
      const asked = await runAudit(["--data", copy.data, "--json"]);
      expect(asked.code).to.equal(0);
      expect((JSON.parse(asked.out) as AuditReport).lies).to.deep.equal([]);
    });
  });

  it("passes on while what was held is let go and what was sealed is anchored, after a restart", async () => {
    await running(async () => {
      const deadline = Date.now() + 30_000;
      for (let report = await auditDirectory(copy.data); ; report = await auditDirectory(copy.data)) {
        expect(report.lies).to.deep.equal([]);
        if (countOf(report, "held readings") === 0 && countOf(report, "outbox") === 0) return;
        if (Date.now() > deadline) throw new Error("what was held stays held");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
  });

  it("names every batch that an older database put back does not have", async () => {
    rmSync(join(copy.data, "database"), { recursive: true });
    cpSync(world.olderDatabase, join(copy.data, "database"), { recursive: true });
    const { code, out } = await runAudit(["--data", copy.data, "--json"]);
    const { lies } = JSON.parse(out) as AuditReport;
    expect(code).to.equal(1);
    expect(lies).not.to.deep.equal([]);
    for (const { place, what } of lies) {
      expect(place).to.match(/^batch \d+$/);
      expect(what).to.match(/this database is older than the chain/);
    }
  });

  it("names a changed key of the key store, with the server stopped and running", async () => {
    const stored = storedKeys();
    const [key] = stored.keys;
    if (!key) throw new Error("no key");
    const change = (): void => {
      const last = key.wrapped.at(-1) === "0" ? "1" : "0";
      storeKeys({
        ...stored,
        keys: [{ ...key, wrapped: `${key.wrapped.slice(0, -1)}${last}` as Hex }, ...stored.keys.slice(1)],
      });
    };
    await running(async () => {
      change();
      namesKey(await auditDirectory(copy.data), key);
    });
    namesKey(await auditDirectory(copy.data), key);
    const { code } = await runAudit(["--data", copy.data]);
    expect(code).to.equal(1);
  });

  it("names a key that was removed from the key store, with the server stopped and running", async () => {
    const stored = storedKeys();
    const [key] = stored.keys;
    if (!key) throw new Error("no key");
    await running(async () => {
      storeKeys({ ...stored, keys: stored.keys.slice(1) });
      namesKey(await auditDirectory(copy.data), key);
      storeKeys(stored);
    });
    storeKeys({ ...stored, keys: stored.keys.slice(1) });
    const report = await auditDirectory(copy.data);
    // What the oracles found is sealed under the same key.
    const others = places(report).filter((place) => !place.startsWith("finding "));
    expect(others).to.deep.equal([`data key of ${key.scope} ${key.month}`]);
    expect(countOf(report, "readings whose data key is missing")).to.be.greaterThan(ROWS);
  });

  it("names a key that was replaced by another one under the same master key", async () => {
    const stored = storedKeys();
    const [key] = stored.keys;
    if (!key) throw new Error("no key");
    const beside = mkdtempSync(join(tmpdir(), "twinward-test-"));
    cpSync(join(copy.data, "keys/master.key"), join(beside, "master.key"));
    const other = await openKeyStore(join(beside, "data-keys.json"));
    await other.ensure(key.scope, key.month);
    await other.close();
    const made = (JSON.parse(readFileSync(join(beside, "data-keys.json"), "utf8")) as StoredKeys).keys;
    rmSync(beside, { recursive: true });
    await running(async () => {
      storeKeys({ ...stored, keys: [...made, ...stored.keys.slice(1)] });
      namesKey(await auditDirectory(copy.data), key);
    });
    const { lies } = await auditDirectory(copy.data);
    expect(lies.length).to.be.greaterThan(ROWS);
    for (const { what } of lies) expect(what).to.include("SEALED_UNREADABLE");
  });

  it("names the line of the chain's raw transactions in which a byte was changed", async () => {
    const file = join(copy.data, "chain/journal");
    const bytes = readFileSync(file);
    bytes[120] = (bytes[120] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const named = { place: "chain journal line 1", what: "it is not what was written there: its check does not fit" };
    expect((await auditDirectory(copy.data)).lies).to.deep.include(named);
    await running(async () => {
      expect((await auditDirectory(copy.data)).lies).to.deep.include(named);
    });
    // Without the snapshot the chain has nothing else to stand on.
    rmSync(join(copy.data, "chain/snapshot"));
    const { code, err } = await runAudit(["--data", copy.data]);
    expect(code).to.equal(2);
    expect(err).to.include("CHAIN_LOG_DAMAGED");
  });

  it("names what is lost when the chain's raw transactions were cut short", async () => {
    const file = join(copy.data, "chain/journal");
    truncateSync(file, Math.floor(readFileSync(file).length * 0.75));
    const report = await auditDirectory(copy.data);
    expect(report.lies.map(({ what }) => what)).to.include("the chain has no such block");
    expect(places(report).some((place) => place.startsWith("batch"))).to.equal(true);
  });
});

function runAudit(words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, "audit", ...words], { maxBuffer: 1 << 26 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

function namesKey({ lies }: AuditReport, { scope, month }: { scope: string; month: string }): void {
  expect(lies.map(({ place }) => place)).to.deep.equal(["key store"]);
  expect(lies[0]?.what).to.include(`${scope} ${month}`);
}
