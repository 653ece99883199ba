import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import { openKeyStore, type KeyStore } from "../../../server/keys/key-store.ts";
import { openDatabase, type Database } from "../../../server/store/database.ts";
import { exclusively } from "../../../server/store/exclusively.ts";
import { describeOnPostgres } from "../../helpers/databases.ts";

const MONTH = "2026-11";
const scopeOf = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const text = new TextEncoder().encode("72");
const aad = new Uint8Array([1]);

describeOnPostgres("key store of several processes", (postgres) => {
  const directory = mkdtempSync(join(tmpdir(), "twinward-shared-"));
  const file = join(directory, "data-keys.json");
  const databases: Database[] = [];
  const stores: KeyStore[] = [];

  /** As another process opens it: a connection of its own, nothing in memory that is another's. */
  async function open(url: string): Promise<KeyStore> {
    const database = await openDatabase({ url });
    databases.push(database);
    const alone = exclusively(database, "data keys");
    const store = await alone(() => openKeyStore(file, { exclusively: alone }));
    stores.push(store);
    return store;
  }

  before(async () => {
    const url = await postgres().createDatabase();
    for (let n = 0; n < 3; n++) await open(url);
  });
  after(async () => {
    for (const store of stores) await store.close();
    for (const database of databases) await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("makes each key once, whoever asks first, and opens what any of them sealed", async () => {
    const scopes = Array.from({ length: 24 }, (_, n) => scopeOf(n));
    await Promise.all(scopes.flatMap((scope) => stores.map((store) => store.ensure(scope, MONTH))));
    for (const scope of scopes) {
      for (const sealing of stores) {
        const { nonce, sealed } = sealing.seal(scope, MONTH, text, aad);
        for (const opening of stores)
          expect(opening.open(scope, MONTH, nonce, sealed, aad)).to.deep.equal(new Uint8Array(text));
      }
    }
    for (const store of stores) expect(await store.verify()).to.deep.equal({ entries: scopes.length });
  });

  it("finds a key that another process has made since", async () => {
    const [one, other] = stores as [KeyStore, KeyStore];
    const scope = scopeOf(1_000);
    expect(other.has(scope, MONTH)).to.equal(false);
    await one.ensure(scope, MONTH);
    const { nonce, sealed } = one.seal(scope, MONTH, text, aad);
    expect(other.open(scope, MONTH, nonce, sealed, aad)).to.deep.equal(new Uint8Array(text));
    expect(() => other.open(scopeOf(1_001), MONTH, nonce, sealed, aad))
      .to.throw()
      .with.property("code", "KEY_MISSING");
  });

  it("uses no key that another process has destroyed, and makes one anew together", async () => {
    const [one, other] = stores as [KeyStore, KeyStore];
    const [gone, stays] = [scopeOf(2_000), scopeOf(2_001)];
    for (const scope of [gone, stays]) await other.ensure(scope, MONTH);
    const kept = one.seal(stays, MONTH, text, aad);
    await Promise.all([one.destroy([{ scope: gone, month: MONTH }]), other.ensure(scopeOf(2_002), MONTH)]);
    expect(() => other.seal(gone, MONTH, text, aad))
      .to.throw()
      .with.property("code", "KEY_MISSING");
    expect(other.open(stays, MONTH, kept.nonce, kept.sealed, aad)).to.deep.equal(new Uint8Array(text));
    await Promise.all(stores.map((store) => store.ensure(gone, MONTH)));
    const { nonce, sealed } = other.seal(gone, MONTH, text, aad);
    for (const store of stores) {
      expect(store.open(gone, MONTH, nonce, sealed, aad)).to.deep.equal(new Uint8Array(text));
      expect(store.has(scopeOf(2_002), MONTH)).to.equal(true);
    }
  });
});
