import { expect } from "chai";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8, type Hex } from "../../../protocol/bytes.ts";
import { openKeyStore, type KeyStore } from "../../../server/keys/key-store.ts";
import { monthOf, openReading, readingPlaintext, sealReading } from "../../../server/keys/sealed-reading.ts";

const scope = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const MONTH = "2026-11";
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );

describe("keys: key store", () => {
  let directory: string;
  let file: string;
  let keys: KeyStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "twinward-keys-"));
    file = join(directory, "data-keys.json");
    keys = await openKeyStore(file);
  });
  afterEach(async () => {
    await keys.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("opens after a restart what it sealed before, under the right name only", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => keys.ensure(scope(i % 7), MONTH)));
    const aad = utf8("place");
    const { nonce, sealed } = keys.seal(scope(3), MONTH, utf8("secret"), aad);
    await keys.close();
    keys = await openKeyStore(file);
    expect(Buffer.from(keys.open(scope(3), MONTH, nonce, sealed, aad)).toString()).to.equal("secret");
    expect(await keys.verify()).to.deep.equal({ entries: 7 });
    expect(keys.has(scope(7), MONTH)).to.equal(false);
    for (const [work, code] of [
      [() => keys.open(scope(4), MONTH, nonce, sealed, aad), "SEALED_UNREADABLE"],
      [() => keys.open(scope(3), "2026-12", nonce, sealed, aad), "KEY_MISSING"],
      [() => keys.open(scope(3), MONTH, nonce, sealed, utf8("elsewhere")), "SEALED_UNREADABLE"],
      [() => keys.open(scope(3), MONTH, nonce, sealed.subarray(0, 5), aad), "SEALED_UNREADABLE"],
      [() => keys.seal(scope(99), MONTH, utf8(""), aad), "KEY_MISSING"],
    ] as const) {
      expect(work).to.throw().with.property("code", code);
    }
    sealed[0] = (sealed[0] ?? 0) ^ 1;
    expect(() => keys.open(scope(3), MONTH, nonce, sealed, aad))
      .to.throw()
      .with.property("code", "SEALED_UNREADABLE");
  });

  it("keeps its files to their owner", async () => {
    await keys.ensure(scope(1), MONTH);
    for (const name of [file, join(directory, "master.key")]) {
      expect((await stat(name)).mode & 0o777, name).to.equal(0o600);
      await chmod(name, 0o640);
      expect(await codeOf(openKeyStore(file))).to.equal("KEY_FILE_MODE");
      await chmod(name, 0o600);
    }
  });

  it("notices every changed byte", async () => {
    await keys.ensure(scope(1), MONTH);
    await keys.ensure(scope(2), MONTH);
    const text = await readFile(file);
    for (let at = 0; at < text.length; at += 1) {
      const changed = Buffer.from(text);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(file, changed);
      expect(await codeOf(openKeyStore(file)), `byte ${at}`).to.equal("KEY_FILE_UNUSABLE");
    }
    await writeFile(file, changedDigit(text.toString()));
    expect(await codeOf(keys.verify())).to.equal("KEY_FILE_UNUSABLE");
    await writeFile(file, text);
    const master = join(directory, "master.key");
    const kept = await readFile(master, "utf8");
    await writeFile(master, `0x${"00".repeat(32)}\n`);
    expect(await codeOf(openKeyStore(file))).to.equal("KEY_FILE_UNUSABLE");
    await rm(master);
    expect(await codeOf(openKeyStore(file))).to.equal("KEY_FILE_UNUSABLE");
    await writeFile(master, kept, { mode: 0o600 });
    expect(await codeOf(openKeyStore(file))).to.equal("done");
  });

  it("says when entries are gone", async () => {
    await keys.ensure(scope(1), MONTH);
    const before = await readFile(file);
    await keys.ensure(scope(2), MONTH);
    await writeFile(file, before);
    expect(await codeOf(keys.verify())).to.equal("KEY_FILE_UNUSABLE");
  });

  it("has on disk whatever `ensure` promised, killed at any point", async () => {
    const module = new URL("../../../server/keys/key-store.ts", import.meta.url).href;
    const script = `const { openKeyStore } = await import(${JSON.stringify(module)});
      const keys = await openKeyStore(process.argv[1]); const base = Number(process.argv[2]);
      for (let i = base; ; i++) {
        const scope = "0x" + i.toString(16).padStart(64, "0");
        await keys.ensure(scope, "2026-11"); process.stdout.write(scope + "\\n");
      }`;
    for (const [round, after] of [1, 7, 23].entries()) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, file, String(round * 100_000)]);
      const gone = new Promise((resolve) => child.once("exit", resolve));
      let out = "";
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk.toString();
        if (out.split("\n").length > after) child.kill("SIGKILL");
      });
      await gone;
      const reopened = await openKeyStore(file);
      const promised = out.split("\n").slice(0, -1) as Hex[];
      expect(promised.length).to.be.at.least(after);
      for (const name of promised) expect(reopened.has(name, MONTH), name).to.equal(true);
      await reopened.close();
    }
  });

  it("binds a reading to its place", async () => {
    await keys.ensure(scope(1), MONTH);
    const place = { device: scope(5), sequence: 7, content: scope(6), scope: scope(1), month: MONTH };
    const opened = { disclosures: ["abc"], flags: 4, remarks: [] };
    const row = sealReading(keys, place, readingPlaintext(opened));
    expect(openReading(keys, place, row)).to.deep.equal(opened);
    for (const wrong of [{ sequence: 8 }, { device: scope(6) }, { content: scope(5) }]) {
      expect(() => openReading(keys, { ...place, ...wrong }, row))
        .to.throw()
        .with.property("code", "SEALED_UNREADABLE");
    }
  });

  it("names a month for any clock", () => {
    expect(monthOf(Date.UTC(2026, 10, 30, 23, 59))).to.equal("2026-11");
    expect(monthOf(0)).to.equal("2020-01");
    expect(monthOf(Number.MAX_SAFE_INTEGER)).to.equal("2099-12");
  });
});

/** The text with one digit of a wrapped key changed: still well formed. */
function changedDigit(text: string): string {
  return text.replace(
    /("wrapped": "0x[0-9a-f]{10})([0-9a-f])/,
    (_, start: string, digit: string) => start + (digit === "0" ? "1" : "0"),
  );
}
