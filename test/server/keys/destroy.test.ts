import { expect } from "chai";
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { openKeyStore, type KeyStore, type KeyStoreOptions, type Sealed } from "../../../server/keys/key-store.ts";

const scope = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const [OCTOBER, NOVEMBER] = ["2026-10", "2026-11"] as const;
const AAD = utf8("place");
const codeOf = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : error);
const codeOfThrown = (work: () => unknown): unknown => {
  try {
    work();
    return "done";
  } catch (error) {
    return codeOf(error);
  }
};

describe("keys: destroying", () => {
  let root: string;
  let file: string;
  let mirror: string;
  const open: KeyStore[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "twinward-destroy-"));
    file = join(root, "keys/data-keys.json");
    mirror = join(root, "mirror");
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    rmSync(root, { recursive: true, force: true });
  });

  const opened = async (options: KeyStoreOptions = { mirror }): Promise<KeyStore> => {
    const store = await openKeyStore(file, options);
    open.push(store);
    return store;
  };
  const filesIn = (directory: string): string[] =>
    readdirSync(directory)
      .filter((name) => name !== "mirror-id")
      .sort();

  /** A store with three keys, and something sealed under each. */
  async function filled(
    options: KeyStoreOptions = { mirror },
  ): Promise<{ store: KeyStore; sealed: Map<string, Sealed> }> {
    const store = await opened(options);
    const sealed = new Map<string, Sealed>();
    for (const [who, month] of [
      [1, OCTOBER],
      [1, NOVEMBER],
      [2, OCTOBER],
    ] as const) {
      await store.ensure(scope(who), month);
      sealed.set(`${who} ${month}`, store.seal(scope(who), month, utf8(`${who} ${month}`), AAD));
    }
    return { store, sealed };
  }

  /** What opens of it. */
  const readable = (store: KeyStore, sealed: ReadonlyMap<string, Sealed>): string[] =>
    [...sealed].flatMap(([name, { nonce, sealed: bytes }]) => {
      const [who = "", month = ""] = name.split(" ");
      const found = codeOfThrown(() => store.open(scope(Number(who)), month, nonce, bytes, AAD));
      return found === "done" ? [name] : [];
    });

  it("takes one key away everywhere and leaves the others, under another master key", async () => {
    const { store, sealed } = await filled();
    const master = readFileSync(join(root, "keys/master.key"), "utf8");
    cpSync(join(root, "keys"), join(root, "kept"), { recursive: true });
    await store.destroy([
      { scope: scope(1), month: OCTOBER },
      { scope: scope(9), month: OCTOBER },
    ]);
    expect(readable(store, sealed)).to.deep.equal([`1 ${NOVEMBER}`, `2 ${OCTOBER}`]);
    expect([store.wasErased(scope(1), OCTOBER), store.wasErased(scope(9), OCTOBER)]).to.deep.equal([true, false]);
    expect(store.months(scope(1))).to.deep.equal([NOVEMBER]);
    expect(await store.verify()).to.deep.equal({ entries: 2 });
    for (const directory of [join(root, "keys"), mirror]) {
      expect(filesIn(directory)).to.deep.equal(["data-keys.json", "master-1.key"]);
      expect(readFileSync(join(directory, "master-1.key"), "utf8")).not.to.equal(master);
    }
    // The old master key, had somebody kept it, opens nothing of the new store.
    copyFileSync(join(root, "kept/master.key"), join(root, "keys/master-1.key"));
    expect(await openKeyStore(file).catch(codeOf)).to.equal("KEY_FILE_UNUSABLE");
  });

  it("is so after a restart too, and a new key of that name is another one", async () => {
    const { store, sealed } = await filled();
    await store.destroy([{ scope: scope(1), month: OCTOBER }]);
    await store.ensure(scope(1), OCTOBER);
    expect(readable(store, sealed)).to.deep.equal([`1 ${NOVEMBER}`, `2 ${OCTOBER}`]);
    await store.close();
    const again = await opened();
    const { nonce, sealed: old } = sealed.get(`1 ${OCTOBER}`) as Sealed;
    expect(codeOfThrown(() => again.open(scope(1), OCTOBER, nonce, old, AAD))).to.equal("SEALED_UNREADABLE");
    await again.destroy([
      { scope: scope(1), month: OCTOBER },
      { scope: scope(2), month: OCTOBER },
    ]);
    expect(readable(again, sealed)).to.deep.equal([`1 ${NOVEMBER}`]);
    for (const directory of [join(root, "keys"), mirror])
      expect(filesIn(directory)).to.deep.equal(["data-keys.json", "master-2.key"]);
  });

  it("is finished by the next start where it was cut off, at any point", async () => {
    // Each state that a kill may leave, made of the files before and after; what follows is what opening must make of it.
    const { store, sealed } = await filled();
    const [keys, all] = [join(root, "keys"), [...sealed.keys()]];
    const before = join(root, "before");
    cpSync(keys, join(before, "keys"), { recursive: true });
    cpSync(mirror, join(before, "mirror"), { recursive: true });
    await store.destroy([{ scope: scope(1), month: OCTOBER }]);
    await store.close();
    const after = join(root, "after");
    cpSync(keys, join(after, "keys"), { recursive: true });
    cpSync(mirror, join(after, "mirror"), { recursive: true });
    const left = [`1 ${NOVEMBER}`, `2 ${OCTOBER}`];
    const steps = ["mirror/master-1.key", "mirror/data-keys.json", "keys/master-1.key", "keys/data-keys.json"];
    for (let made = 0; made <= steps.length; made++) {
      for (const directory of ["keys", "mirror"]) {
        rmSync(join(root, directory), { recursive: true });
        cpSync(join(before, directory), join(root, directory), { recursive: true });
      }
      for (const step of steps.slice(0, made)) copyFileSync(join(after, step), join(root, step));
      const next = await opened();
      expect(readable(next, sealed), `after ${made} writes`).to.deep.equal(made < 2 ? all : left);
      expect(await next.verify()).to.deep.equal({ entries: made < 2 ? 3 : 2 });
      // Whatever was reached, asking again does the rest.
      await next.destroy([{ scope: scope(1), month: OCTOBER }]);
      expect(readable(next, sealed)).to.deep.equal(left);
      await next.ensure(scope(3), NOVEMBER);
      await next.close();
      for (const directory of [keys, mirror])
        expect(filesIn(directory), `after ${made} writes`).to.deep.equal(["data-keys.json", "master-1.key"]);
      expect(readFileSync(file, "utf8")).to.equal(readFileSync(join(mirror, "data-keys.json"), "utf8"));
    }
  });

  it("seals nothing under a key whose end was not reported, and takes it back where it was not reached", async () => {
    const { store, sealed } = await filled();
    renameSync(mirror, `${mirror}.away`);
    writeFileSync(mirror, "its disk is not mounted");
    expect(await store.destroy([{ scope: scope(1), month: OCTOBER }]).catch(codeOf)).to.equal("KEYS_UNWRITABLE");
    expect(codeOfThrown(() => store.seal(scope(1), OCTOBER, utf8("later"), AAD))).to.equal("KEY_MISSING");
    rmSync(mirror);
    renameSync(`${mirror}.away`, mirror);
    await store.ensure(scope(1), OCTOBER);
    expect(readable(store, sealed)).to.deep.equal([...sealed.keys()]);
    await store.destroy([{ scope: scope(1), month: OCTOBER }]);
    expect(readable(store, sealed)).to.have.length(2);
  });

  it("is refused where the store has a mirror that is not named", async () => {
    const { store, sealed } = await filled();
    await store.close();
    const alone = await opened({});
    expect(await alone.destroy([{ scope: scope(1), month: OCTOBER }]).catch(codeOf)).to.equal("KEYS_UNWRITABLE");
    expect(readable(alone, sealed)).to.have.length(3);
  });

  it("follows no mirror of another store, however often something was destroyed there", async () => {
    const { store } = await filled({});
    await store.close();
    const other = await openKeyStore(join(mirror, "data-keys.json"));
    for (const month of [OCTOBER, NOVEMBER]) await other.ensure(scope(1), month);
    await other.destroy([{ scope: scope(1), month: OCTOBER }]);
    await other.close();
    const before = readFileSync(file, "utf8");
    expect(await openKeyStore(file, { mirror }).catch(codeOf)).to.equal("KEY_FILE_UNUSABLE");
    expect(readFileSync(file, "utf8")).to.equal(before);
  });

  it("is heard of by other processes of the store before they use the key again", async () => {
    const exclusively = <T>(work: () => Promise<T>): Promise<T> => work();
    const { store, sealed } = await filled({ exclusively });
    const other = await opened({ exclusively });
    expect(readable(other, sealed)).to.have.length(3);
    await store.destroy([{ scope: scope(1), month: OCTOBER }]);
    expect(codeOfThrown(() => other.seal(scope(1), OCTOBER, utf8("later"), AAD))).to.equal("KEY_MISSING");
    expect(readable(other, sealed)).to.deep.equal([`1 ${NOVEMBER}`, `2 ${OCTOBER}`]);
    await other.ensure(scope(1), OCTOBER);
    const { nonce, sealed: bytes } = other.seal(scope(1), OCTOBER, utf8("later"), AAD);
    expect(Buffer.from(store.open(scope(1), OCTOBER, nonce, bytes, AAD)).toString()).to.equal("later");
    expect(await store.verify()).to.deep.equal({ entries: 3 });
  });
});
