import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashModel } from "../../../ml/model-hash.ts";
import { fromHex, ZERO_32 } from "../../../protocol/bytes.ts";
import { canonical } from "../../../protocol/json.ts";
import { readKey, readModel } from "../../../server/oracle/files.ts";
import { holdDirectory } from "../../../server/oracle/hold-directory.ts";
import { readArguments } from "../../../server/oracle/run-process.ts";
import { loadOrCreateKey } from "../../../server/keys/signing-keys.ts";
import { fittedModel } from "../../helpers/oracle-world.ts";

const codeOf = async (act: () => unknown): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

describe("an oracle's start", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "oracle-start-"))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it("reads the key that the server's key room made, and only with mode 0600", async () => {
    const file = join(directory, "oracle-0.key");
    const key = await loadOrCreateKey(file, "secp256k1", { development: true });
    expect(readKey(file, false)).to.deep.equal(key);
    expect(await codeOf(() => readKey(file, true))).to.equal("DEVELOPMENT_KEY_REFUSED");
    chmodSync(file, 0o640);
    expect(await codeOf(() => readKey(file, false))).to.equal("KEY_FILE_MODE");
  });

  it("refuses a key of another type", async () => {
    const file = join(directory, "gateway.key");
    await loadOrCreateKey(file, "p256", { development: true });
    expect(await codeOf(() => readKey(file, false))).to.equal("KEY_FILE_UNUSABLE");
  });

  it("judges by no other parameters than those that the hash names", async () => {
    const file = join(directory, "model.json");
    const model = fittedModel();
    writeFileSync(file, canonical(model));
    expect(readModel(file, hashModel(model))).to.deep.equal(model);
    expect(await codeOf(() => readModel(file, ZERO_32))).to.equal("DETECTOR_UNEXPECTED");
    writeFileSync(file, canonical(model).replace('"suspect":', '"suspect":1'));
    expect(await codeOf(() => readModel(file, hashModel(model)))).to.equal("DETECTOR_UNEXPECTED");
  });

  it("lets one process at a time into its directory", async function () {
    this.timeout(15_000);
    const held = await holdDirectory(directory);
    expect(await codeOf(() => holdDirectory(directory))).to.equal("DATA_LOCKED");
    held.release();
    (await holdDirectory(directory)).release();
  });

  it("names the words that it needs", async () => {
    const words = ["--url", "http://127.0.0.1:1", "--key", "k", "--data", "d", "--model", "m", "--model-hash", ZERO_32];
    expect(readArguments(words)).to.deep.equal({
      url: "http://127.0.0.1:1",
      keyFile: "k",
      directory: "d",
      modelFile: "m",
      modelHash: ZERO_32,
      detached: false,
    });
    expect(await codeOf(() => readArguments(words.slice(2)))).to.equal("UNUSABLE_INPUT");
    expect(await codeOf(() => readArguments([...words, "--lie"]))).to.equal("UNUSABLE_INPUT");
    expect(fromHex(ZERO_32)).to.have.length(32);
  });
});
