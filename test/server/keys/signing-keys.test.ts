import { expect } from "chai";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publicKeyOf, signEs256, verifyEs256 } from "../../../protocol/es256.ts";
import { loadOrCreateKey } from "../../../server/keys/signing-keys.ts";

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );

describe("keys: signing keys", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "twinward-keys-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("makes a key once and loads it afterwards", async () => {
    const file = join(directory, "deep", "gateway-p256.key");
    const made = await loadOrCreateKey(file, "p256", { development: true });
    expect(await loadOrCreateKey(file, "p256", { development: true })).to.deep.equal(new Uint8Array(made));
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const message = new Uint8Array([1]);
    expect(verifyEs256(publicKeyOf(made), message, signEs256(made, message))).to.equal(true);
    expect(await loadOrCreateKey(join(directory, "a.key"), "secp256k1", { development: false })).to.have.length(32);
  });

  it("refuses wide modes, other types and rubbish", async () => {
    const file = join(directory, "a.key");
    await loadOrCreateKey(file, "p256", { development: true });
    expect(await codeOf(loadOrCreateKey(file, "secp256k1", { development: true }))).to.equal("KEY_FILE_UNUSABLE");
    await chmod(file, 0o644);
    expect(await codeOf(loadOrCreateKey(file, "p256", { development: true }))).to.equal("KEY_FILE_MODE");
    await chmod(file, 0o600);
    for (const text of [
      "",
      "null",
      "{}",
      "[]",
      '{"format":"key@1","type":"p256","development":true,"private":"0x00"}',
    ]) {
      await writeFile(file, text);
      expect(await codeOf(loadOrCreateKey(file, "p256", { development: true })), text).to.equal("KEY_FILE_UNUSABLE");
    }
  });

  it("refuses development keys in production, old and new", async () => {
    const file = join(directory, "a.key");
    const production = true;
    expect(await codeOf(loadOrCreateKey(file, "p256", { development: true, production }))).to.equal(
      "DEVELOPMENT_KEY_REFUSED",
    );
    expect(await readdir(directory)).to.deep.equal([]);
    await loadOrCreateKey(file, "p256", { development: true, production: false });
    expect(await codeOf(loadOrCreateKey(file, "p256", { development: false, production }))).to.equal(
      "DEVELOPMENT_KEY_REFUSED",
    );
    expect(
      await codeOf(loadOrCreateKey(join(directory, "b.key"), "p256", { development: false, production })),
    ).to.equal("done");
  });
});
