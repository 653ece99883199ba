import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashModel } from "../../../ml/model-hash.ts";
import { fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { canonical } from "../../../protocol/json.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { judge } from "../../../server/oracle/judge.ts";
import { startOracle } from "../../../server/oracle/start.ts";
import { eventually } from "../chain/ask.ts";
import { addressOf, gatewayOf, openWorld, transact, wallet } from "../chain/world.ts";
import { readDetector, readKey } from "../../../server/oracle/files.ts";
import { holdDirectory } from "../../../server/oracle/hold-directory.ts";
import { readArguments } from "../../../server/oracle/run-process.ts";
import { loadOrCreateKey } from "../../../server/keys/signing-keys.ts";
import { layModel } from "../../../apps/cli/lay-model.ts";
import { SEGMENTS } from "../../../lab/sample.ts";
import { loadModel, saveModel } from "../../../ml/model/model-files.ts";
import { fittedModel } from "../../helpers/oracle-world.ts";

const codeOf = async (act: () => unknown): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

/** A node that answers like the one behind it, but for a number in each event that no safe integer holds. */
async function lyingNode(behind: string) {
  let isLying = true;
  let asked = 0;
  const opened = interfaces.AnchorLog.getEvent("StreamOpened")!.topicHash;
  const change = (answer: { result?: unknown }): object => {
    if (!isLying || !Array.isArray(answer.result)) return answer;
    asked++;
    const result = (answer.result as { topics?: string[]; data: string }[]).map((log) =>
      log.topics?.[0] === opened ? { ...log, data: `0x${"f".repeat(log.data.length - 2)}` } : log,
    );
    return { ...answer, result };
  };
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const headers = { "content-type": "application/json" };
      const answer = await fetch(behind, { method: "POST", headers, body: Buffer.concat(chunks) });
      const json = (await answer.json()) as { result?: unknown } | { result?: unknown }[];
      response.writeHead(200, headers).end(JSON.stringify(Array.isArray(json) ? json.map(change) : change(json)));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    repent: () => void (isLying = false),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

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
    expect((await readDetector(file, hashModel(model))).signals).to.deep.equal(model.signals);
    expect(await codeOf(() => readDetector(file, ZERO_32))).to.equal("DETECTOR_UNEXPECTED");
    writeFileSync(file, canonical(model).replace('"suspect":', '"suspect":1'));
    expect(await codeOf(() => readDetector(file, hashModel(model)))).to.equal("DETECTOR_UNEXPECTED");
  });

  it("judges by a model's directory alike, and by no other detector's", async () => {
    const { file, hash } = layModel(directory) as { file: string; hash: Hex };
    expect((await readDetector(file, hash)).signals).to.deep.equal([...SEGMENTS]);
    expect(layModel(directory), "laid once").to.deep.equal({ file, hash });
    expect(await codeOf(() => readDetector(file, ZERO_32))).to.equal("DETECTOR_UNEXPECTED");
    const { model } = loadModel(file);
    const other = join(directory, "other");
    const otherHash = saveModel(other, { ...model, card: { ...model.card, detector: "residual" } }) as Hex;
    expect(await codeOf(() => readDetector(other, otherHash))).to.equal("DETECTOR_UNEXPECTED");
    writeFileSync(join(file, "model.json"), "half");
    expect(await codeOf(() => readDetector(file, hash))).to.equal("DETECTOR_UNEXPECTED");
    expect(layModel(directory), "written again").to.deep.equal({ file, hash });
    expect((await readDetector(file, hash)).stretchMs).to.equal(3_000);
  });

  it("lets one process at a time into its directory", async () => {
    const held = await holdDirectory(directory);
    expect(await codeOf(() => holdDirectory(directory))).to.equal("DATA_LOCKED");
    held.release();
    (await holdDirectory(directory)).release();
  });

  it("waits at an event that cannot be folded, says so, and begins when it can be", async () => {
    const world = await openWorld();
    const gateway = gatewayOf(1);
    await transact(world.provider, world.consortium, gateway, "AnchorLog", "openStream", [addressOf(gateway)]);
    const proxy = await lyingNode(world.node.url);
    try {
      const file = (name: string, value: unknown, mode = 0o600): string => {
        writeFileSync(join(directory, name), JSON.stringify(value), { mode });
        return join(directory, name);
      };
      const key = { format: "key@1", type: "secp256k1", development: true, private: wallet(11).privateKey };
      const told: string[] = [];
      const over = new AbortController();
      const starting = startOracle(
        {
          url: "http://127.0.0.1:9",
          keyFile: file("oracle.key", key),
          directory: join(directory, "state"),
          modelFile: file("model.json", fittedModel()),
          modelHash: hashModel(fittedModel()),
          trustFile: file("consortium.json", world.consortium),
          rpc: proxy.url,
          judge,
          report: (event) => told.push(JSON.stringify(event)),
        },
        over.signal,
      );
      let isUp = false;
      void starting.then(
        () => (isUp = true),
        () => undefined,
      );
      await eventually(() => (proxy.asked() > 2 && told.join("\n").includes("cannot be read") ? true : undefined));
      expect(isUp).to.equal(false);
      proxy.repent();
      const oracle = await starting;
      expect(oracle.address).to.equal(addressOf(wallet(11)));
      await oracle.stop();
    } finally {
      await proxy.close();
      await world.close();
    }
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
    expect(readArguments(words, "http://127.0.0.1:2")).to.include({ rpc: "http://127.0.0.1:2" });
    expect(readArguments([...words, "--rpc", "http://127.0.0.1:3"], "http://127.0.0.1:2").rpc).to.match(/3$/);
    expect(await codeOf(() => readArguments(words.slice(2)))).to.equal("UNUSABLE_INPUT");
    expect(await codeOf(() => readArguments([...words, "--lie"]))).to.equal("UNUSABLE_INPUT");
    expect(fromHex(ZERO_32)).to.have.length(32);
  });
});
