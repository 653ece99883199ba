import { expect } from "chai";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { openKeyStore, type KeyStore } from "../../../server/keys/key-store.ts";

const scope = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const MONTH = "2026-11";
const codeOf = (error: unknown): unknown => (error instanceof TwinwardError ? error.code : error);

describe("a mirror of the key store", () => {
  let directory: string;
  let file: string;
  let mirror: string;
  const open: KeyStore[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "twinward-mirror-"));
    file = join(directory, "keys/data-keys.json");
    mirror = join(directory, "other-disk/keys");
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const opened = async (withMirror = true): Promise<KeyStore> => {
    const store = await openKeyStore(file, withMirror ? { mirror } : {});
    open.push(store);
    return store;
  };
  const unmount = (): void => renameSync(mirror, `${mirror}.unmounted`);
  const mount = (): void => renameSync(`${mirror}.unmounted`, mirror);
  const textOf = (path: string): string => readFileSync(path, "utf8");
  const mirrored = (name = "data-keys.json"): string => join(mirror, name);
  const expectSame = (): void => {
    for (const name of ["data-keys.json", "master.key"]) {
      expect(textOf(mirrored(name))).to.equal(textOf(join(directory, "keys", name)));
      expect(statSync(mirrored(name)).mode & 0o777).to.equal(0o600);
    }
  };

  it("has each key before anything is sealed under it, and is verified with the store", async () => {
    const store = await opened();
    await store.ensure(scope(1), MONTH);
    expectSame();
    await Promise.all([store.ensure(scope(2), MONTH), store.ensure(scope(3), MONTH)]);
    expectSame();
    expect(await store.verify()).to.deep.equal({ entries: 3 });
    await store.present();
    const changed = textOf(mirrored());
    writeFileSync(mirrored(), changed.replace("data-keys@1", "data-keys@2"));
    expect(await store.verify().catch(codeOf)).to.equal("KEY_FILE_UNUSABLE");
  });

  it("is enough where the store is lost, and given what it lacks where it is new or behind", async () => {
    const first = await opened(false);
    await first.ensure(scope(1), MONTH);
    const { nonce, sealed } = first.seal(scope(1), MONTH, utf8("a value"), utf8("place"));
    await first.close();
    // New: it is given everything.
    const second = await opened();
    expectSame();
    // Behind: the process died between the two writes, here with a store that knows no mirror.
    await second.close();
    const third = await opened(false);
    await third.ensure(scope(2), MONTH);
    await third.close();
    expect(textOf(mirrored())).not.to.equal(textOf(file));
    const fourth = await opened();
    expectSame();
    await fourth.close();
    // The store's disk is lost, then only its master key, then the mirror is ahead.
    rmSync(join(directory, "keys"), { recursive: true });
    const fifth = await opened();
    expectSame();
    expect(fifth.open(scope(1), MONTH, nonce, sealed, utf8("place"))).to.deep.equal(Buffer.from("a value"));
    await fifth.close();
    rmSync(join(directory, "keys/master.key"));
    await (await opened()).close();
    expectSame();
    copyFileSync(file, join(directory, "older"));
    const sixth = await opened();
    await sixth.ensure(scope(3), MONTH);
    await sixth.close();
    copyFileSync(join(directory, "older"), file);
    const seventh = await opened();
    expect(seventh.has(scope(3), MONTH)).to.equal(true);
    expectSame();
  });

  it("is refused where it is another store's, and changes nothing then", async () => {
    const store = await opened(false);
    await store.ensure(scope(1), MONTH);
    await store.close();
    const other = await openKeyStore(mirrored());
    await other.ensure(scope(1), MONTH);
    await other.close();
    const before = [textOf(file), textOf(mirrored())];
    expect(await opened().catch(codeOf)).to.equal("KEY_FILE_UNUSABLE");
    copyFileSync(join(directory, "keys/master.key"), mirrored("master.key"));
    expect(await opened().catch(codeOf)).to.equal("KEY_FILE_UNUSABLE");
    expect([textOf(file), textOf(mirrored())]).to.deep.equal(before);
  });

  it("that goes away lets no new key be used, and is joined again at the next start", async () => {
    const store = await opened();
    await store.ensure(scope(1), MONTH);
    unmount();
    writeFileSync(mirror, "its disk is not mounted");
    expect(await store.ensure(scope(2), MONTH).catch(codeOf)).to.equal("KEYS_UNWRITABLE");
    expect(store.has(scope(2), MONTH)).to.equal(false);
    expect(await store.present().catch(codeOf)).to.equal("KEYS_UNWRITABLE");
    // What is there goes on.
    expect(store.has(scope(1), MONTH)).to.equal(true);
    await store.close();
    expect(await opened().catch(codeOf)).to.equal("KEYS_UNWRITABLE");
    rmSync(mirror);
    // On the disk below its mount there is nothing, and nothing is begun there.
    const refused = (await opened().catch((error: unknown) => error)) as TwinwardError;
    expect(refused.message).to.match(/KEYS_UNWRITABLE.*other-disk\/keys has no mirror in it: is its disk mounted/);
    expect(existsSync(mirror)).to.equal(false);
    mount();
    const again = await opened();
    expectSame();
    await again.ensure(scope(2), MONTH);
    expectSame();
    expect(existsSync(file)).to.equal(true);
  });

  it("is begun anew where somebody says so, and is nobody else's", async () => {
    const store = await opened();
    await store.ensure(scope(1), MONTH);
    await store.close();
    unmount();
    rmSync(join(directory, "keys/mirror-id"));
    await (await opened()).close();
    expectSame();
    // The old one is back in its place.
    rmSync(mirror, { recursive: true });
    mount();
    const refused = (await opened().catch((error: unknown) => error)) as TwinwardError;
    expect(refused.message).to.match(/KEYS_UNWRITABLE.*is another store's mirror/);
    // Killed before the store knew of it: the next start takes it for its own.
    rmSync(join(directory, "keys/mirror-id"));
    await (await opened()).close();
    expect(textOf(mirrored("mirror-id"))).to.equal(textOf(join(directory, "keys/mirror-id")));
  });

  it("that goes away lets none of several processes use a new key, however often they ask", async () => {
    const exclusively = <T>(work: () => Promise<T>): Promise<T> => work();
    const one = await openKeyStore(file, { mirror, exclusively });
    const other = await openKeyStore(file, { mirror, exclusively });
    open.push(one, other);
    await one.ensure(scope(1), MONTH);
    unmount();
    writeFileSync(mirror, "its disk is not mounted");
    for (const store of [one, one, other]) {
      expect(await store.ensure(scope(2), MONTH).catch(codeOf)).to.equal("KEYS_UNWRITABLE");
      expect(store.has(scope(2), MONTH)).to.equal(false);
    }
    rmSync(mirror);
    mount();
    await (await opened()).close();
    await other.ensure(scope(2), MONTH);
    expectSame();
  });
});
