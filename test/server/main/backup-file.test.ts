import { expect } from "chai";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { TwinwardError } from "../../../protocol/errors.ts";
import { readBackupFile, writeBackupFile, type BackupHead } from "../../../server/main/backup/file.ts";
import type { CopiedPage } from "../../../server/store/copy-out.ts";

const hex = (byte: string, size: number): `0x${string}` => `0x${byte.repeat(size)}`;
const contracts = Object.fromEntries(
  ["MemberRegistry", "DeviceRegistry", "TwinRegistry", "GrantRegistry", "AnchorLog", "VerdictOracle"].map((name, i) => [
    name,
    hex(`a${i}`, 20),
  ]),
);
const MEMBER = { name: "one", endpoint: "http://127.0.0.1:8080", signer: hex("b1", 20), gateways: [], oracles: [] };
const HEAD = {
  format: "backup@1",
  made: "2026-11-21T12:00:00.000Z",
  consortium: {
    format: "consortium@1",
    name: "one machine",
    chainId: 31337,
    genesis: hex("11", 32),
    contracts,
    members: [MEMBER],
  },
  copied: { stream: hex("22", 32), size: 2, batches: 1, migrations: [hex("33", 32)] },
} as unknown as BackupHead;
/** What ends a line elsewhere must not end one here. */
const PAGES: CopiedPage[] = [
  { table: "stream", rows: ["(x,2)"] },
  { table: "leaf", rows: ["(0)", '(1,"a\u2028b\r\n")'] },
  { table: "leaf", rows: ["(2)"] },
];

async function* paged(pages: readonly CopiedPage[]): AsyncGenerator<CopiedPage> {
  yield* pages;
}

describe("a backup's file", () => {
  const directory = mkdtempSync(join(tmpdir(), "twinward-backup-"));
  const file = join(directory, "backup.gz");
  after(() => rmSync(directory, { recursive: true, force: true }));

  async function codeAndDetail(bytes: Uint8Array): Promise<string> {
    const bad = join(directory, "bad.gz");
    writeFileSync(bad, bytes);
    const error = await readBackupFile(bad).then(
      () => new Error("it was taken"),
      (thrown: unknown) => thrown,
    );
    return error instanceof TwinwardError ? `${error.code} ${String(error.facts.detail)}` : String(error);
  }

  it("writes through nothing that somebody has laid beside it", async () => {
    const [victim, planted] = [join(directory, "victim"), join(directory, "planted.gz")];
    writeFileSync(victim, "precious", { mode: 0o644 });
    symlinkSync(victim, `${planted}.new`);
    await writeBackupFile(planted, HEAD, paged(PAGES));
    expect(readFileSync(victim, "utf8")).to.equal("precious");
    expect(lstatSync(planted).isFile()).to.equal(true);
    expect(lstatSync(planted).mode & 0o777).to.equal(0o600);
  });

  it("is read as it was written, for its owner only, and never overwritten", async () => {
    const { rows, sha256, bytes } = await writeBackupFile(file, HEAD, paged(PAGES));
    expect(rows).to.deep.equal({ stream: 1, leaf: 3 });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(bytes).to.equal(statSync(file).size);
    const read = await readBackupFile(file);
    expect(read.head.copied).to.deep.equal(HEAD.copied);
    expect(read.end).to.deep.equal({ rows, sha256 });
    const pages: CopiedPage[] = [];
    for await (const page of read.pages()) pages.push(page);
    expect(pages).to.deep.equal(PAGES);
    const again = await writeBackupFile(file, HEAD, paged([])).catch((error: unknown) => error);
    expect(again).to.have.property("code", "UNUSABLE_INPUT");
  });

  it("does not appear where copying fails", async () => {
    const other = join(directory, "other.gz");
    async function* failing(): AsyncGenerator<CopiedPage> {
      yield* PAGES;
      throw new TwinwardError("DATABASE_UNAVAILABLE");
    }
    const error = await writeBackupFile(other, HEAD, failing()).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "DATABASE_UNAVAILABLE");
    expect([existsSync(other), existsSync(`${other}.new`)]).to.deep.equal([false, false]);
  });

  it("is refused when it is cut, changed, or something else", async () => {
    const whole = readFileSync(file);
    const lines = gunzipSync(whole).toString().split("\n");
    const zipped = (text: string): Buffer => gzipSync(text);
    expect(await codeAndDetail(zipped(`${lines.slice(0, -2).join("\n")}\n`))).to.match(/^UNUSABLE_BACKUP.*too early/);
    expect(await codeAndDetail(zipped(lines.join("\n").replace('"(0)"', '"(9)"')))).to.match(/check does not fit/);
    expect(await codeAndDetail(zipped(`${lines.slice(0, 2).join("\n")}\n${lines.slice(3).join("\n")}`))).to.match(
      /check does not fit/,
    );
    expect(await codeAndDetail(zipped(`${lines.join("\n")}["leaf","(3)"]\n`))).to.match(/follows its last line/);
    expect(await codeAndDetail(zipped(lines.join("\n").trimEnd()))).to.match(/within a line/);
    expect(await codeAndDetail(zipped("{}\n"))).to.match(/first line/);
    expect(await codeAndDetail(zipped(`${lines[0] ?? ""}\n[1]\n`))).to.match(/not a page/);
    expect(await codeAndDetail(Buffer.from("no backup"))).to.match(/^UNUSABLE_BACKUP.*cannot be read/);
    expect(await codeAndDetail(Buffer.alloc(0))).to.match(/^UNUSABLE_BACKUP/);
    const absent = await readBackupFile(join(directory, "absent")).catch((error: unknown) => error);
    expect(absent).to.have.property("code", "UNUSABLE_BACKUP");
  });

  it("is refused wherever one bit of it was changed, or taken as it was", async () => {
    const whole = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length * 8 - 1), async (bit) => {
        const bytes = Buffer.from(whole);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const bad = join(directory, "flipped.gz");
        writeFileSync(bad, bytes);
        const read = await readBackupFile(bad).catch((error: unknown) => error);
        if (read instanceof TwinwardError) return read.code === "UNUSABLE_BACKUP";
        // Bits of gzip's own header (its time, its system) say nothing about what is in it.
        return (read as { end: { sha256: string } }).end.sha256 === (await readBackupFile(file)).end.sha256;
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
