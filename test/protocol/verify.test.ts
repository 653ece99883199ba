import { expect } from "chai";
import {
  canonical,
  CHECKS,
  checkpointOver,
  deviceId,
  logTree,
  parseAnchors,
  parseConsortium,
  publicKeyOf,
  signCheckpoint,
  sourceOfAnchors,
  toHex,
  TwinwardError,
  verifyReceipt,
  writeReceipt,
  type AnchorsFile,
  type AnchorSource,
  type CheckName,
  type Hex,
  type KeyHistory,
  type Receipt,
  type Trust,
  type Verification,
} from "../../protocol/index.ts";
import { Wallet } from "ethers";
import { drawn, makeWorld, trustOf, type TestWorld } from "./world.ts";

const named = ({ checks }: Verification, result: string): CheckName[] =>
  checks.filter((check) => check.result === result).map(({ name }) => name);

/** The same world under a checkpoint that its member has signed again. */
async function resigned(world: TestWorld, seed: string, changed: Partial<AnchorsFile>): Promise<AnchorsFile> {
  const file = { ...world.anchors, ...changed };
  const member = new Wallet(toHex(drawn(seed, "member")));
  const unsigned = checkpointOver(file, file.checkpoint.block, file.streams, file.devices);
  const signer = member.address.toLowerCase() as Hex;
  const checkpoint = await signCheckpoint(
    unsigned,
    "North",
    signer,
    (digest) => member.signingKey.sign(digest).serialized as Hex,
  );
  return { ...file, checkpoint };
}

describe("verifyReceipt", () => {
  let world: TestWorld;
  let trust: Trust;
  before(async () => {
    world = await makeWorld("verify");
    trust = trustOf(world);
  });

  it("passes every check of an honest receipt, in the order of the list", async () => {
    for (const receipt of [world.receipt, world.decision]) {
      const verified = await verifyReceipt(writeReceipt(receipt), trust);
      expect(named(verified, "passed")).to.have.length(verified.checks.length);
      expect(verified.outcome).to.equal("passed");
      const order = verified.checks.map(({ name }) => CHECKS.indexOf(name));
      expect(order).to.deep.equal(order.toSorted((a, b) => a - b));
    }
  });

  it("passes with trust that went through its own text", async () => {
    const consortium = parseConsortium(canonical(world.consortium));
    const source = sourceOfAnchors(parseAnchors(canonical(world.anchors)));
    expect((await verifyReceipt(world.receipt, { consortium, source })).outcome).to.equal("passed");
  });

  describe("a forged world: own chain, contracts, device key, and a receipt consistent with them", () => {
    let forged: TestWorld;
    before(async () => {
      forged = await makeWorld("forger");
    });

    it("verifies in itself", async () => {
      expect((await verifyReceipt(writeReceipt(forged.receipt), trustOf(forged))).outcome).to.equal("passed");
    });

    it("fails by contract and by device key against the trusted anchors", async () => {
      const failed = named(await verifyReceipt(writeReceipt(forged.receipt), trust), "failed");
      expect(failed).to.include.members(["genesis", "contracts", "device id", "device key", "device signature"]);
      expect(failed).to.include.members(["batch anchored", "batch in log", "gateway of the stream"]);
    });

    it("fails by contract and by device key with the forger's anchors too", async () => {
      const { source } = trustOf(forged);
      const failed = named(await verifyReceipt(forged.receipt, { consortium: world.consortium, source }), "failed");
      expect(failed).to.include.members(["contracts", "device key", "checkpoint signature", "batch anchored"]);
    });

    it("fails when the forger writes the trusted chain and contracts into its own files", async () => {
      const { chainId, genesis, contracts } = world.consortium;
      const receipt: Receipt = { ...forged.receipt, chain: { chainId, genesis, contracts } };
      const source = sourceOfAnchors({ ...forged.anchors, chainId, genesis, contracts });
      const failed = named(await verifyReceipt(receipt, { consortium: world.consortium, source }), "failed");
      expect(failed).to.include.members(["checkpoint signature", "device id", "device key", "batch anchored"]);
    });
  });

  describe("keys", () => {
    const receiptWith = async (history: (honest: KeyHistory) => KeyHistory): Promise<Verification> => {
      const devices = [history(world.history)];
      const source = sourceOfAnchors(await resigned(world, "verify", { devices }));
      return verifyReceipt(world.receipt, { consortium: world.consortium, source });
    };

    it("passes when the range was closed after the receipt was made", async () => {
      const other = { number: 2, ...publicKeyOf(drawn("verify", "second")), from: 7, until: null, marks: [] };
      const verified = await receiptWith(({ keys: [first], ...rest }) => ({
        ...rest,
        keys: first ? [{ ...first, until: 6 }, other] : [],
      }));
      expect(verified.outcome).to.equal("passed");
    });

    it("fails when the sequence lies beyond the key's range", async () => {
      const verified = await receiptWith(({ keys: [first], ...rest }) => ({
        ...rest,
        keys: first ? [{ ...first, until: 2 }] : [],
      }));
      expect(named(verified, "failed")).to.deep.equal(["key valid at this sequence"]);
    });

    it("names a mark, and leaves the other key checks alone", async () => {
      const mark = { from: 2, suspectedSince: 1_790_000_000, reason: toHex(drawn("x", "reason")) };
      const verified = await receiptWith(({ keys: [first], ...rest }) => ({
        ...rest,
        keys: first ? [{ ...first, marks: [mark] }] : [],
      }));
      expect(named(verified, "failed")).to.deep.equal(["key not marked compromised since"]);
      expect(verified.checks.find(({ result }) => result === "failed")?.detail).to.contain("as of block 30");
    });

    it("does not mind a mark from a later sequence on", async () => {
      const mark = { from: 4, suspectedSince: 1_790_000_000, reason: toHex(drawn("x", "reason")) };
      const verified = await receiptWith(({ keys: [first], ...rest }) => ({
        ...rest,
        keys: first ? [{ ...first, marks: [mark] }] : [],
      }));
      expect(verified.outcome).to.equal("passed");
    });

    it("fails when another key has slipped into the file under the old checkpoint", async () => {
      const other = publicKeyOf(drawn("verify", "second"));
      const [first] = world.history.keys;
      const devices = first ? [{ ...world.history, keys: [{ ...first, ...other }] }] : [];
      const source = sourceOfAnchors({ ...world.anchors, devices });
      const failed = named(await verifyReceipt(world.receipt, { consortium: world.consortium, source }), "failed");
      expect(failed).to.include.members(["checkpoint keys", "device id", "device key", "device signature"]);
    });

    it("binds the device id to the registry and the first key", () => {
      const [first] = world.history.keys;
      const { chainId, contracts } = world.consortium;
      expect(first && deviceId(chainId, contracts.DeviceRegistry, first)).to.equal(world.history.device);
    });
  });

  describe("sources", () => {
    const { stringify, parse } = JSON;

    it("leaves undone what it has nothing for, and says so", async () => {
      const alone = await verifyReceipt(world.receipt, {});
      expect(alone.outcome).to.equal("not checked");
      expect(named(alone, "failed")).to.deep.equal([]);
      expect(named(alone, "passed")).to.include.members(["leaf", "leaf in batch", "presentation", "disclosures"]);
      const withConsortium = await verifyReceipt(world.receipt, { consortium: world.consortium });
      expect(named(withConsortium, "passed")).to.include.members(["contracts", "ack signature"]);
      expect(named(withConsortium, "not checked")).to.include.members(["batch in log", "device signature"]);
      const withSource = await verifyReceipt(world.receipt, { source: trust.source });
      expect(named(withSource, "not checked")).to.include.members(["contracts", "checkpoint signature"]);
      expect(named(withSource, "failed")).to.deep.equal([]);
    });

    it("holds a node's anchors against the log's present root", async () => {
      const { chainId, genesis } = world.consortium;
      const [stream] = world.anchors.streams;
      if (!stream) throw new Error("no stream");
      const tree = logTree(stream.stream, stream.anchors);
      const node = (anchors = stream.anchors): AnchorSource => ({
        describe: () => ({ kind: "rpc" }),
        chain: async () => ({ chainId, genesis }),
        anchors: async () => anchors,
        device: async () => world.history,
        frontier: async () => ({ size: tree.size, root: toHex(tree.root()) }),
        block: async () => ({ number: 31, hash: toHex(drawn("x", "31")) }),
      });
      const verify = (source: AnchorSource): Promise<Verification> =>
        verifyReceipt(world.receipt, { consortium: world.consortium, source });
      expect((await verify(node())).outcome).to.equal("passed");

      const lied = stream.anchors.map((anchor) => (anchor.number === 3 ? { ...anchor, count: 9 } : anchor));
      expect(named(await verify(node(lied)), "failed")).to.include.members([
        "log root",
        "batch anchored",
        "device key",
      ]);
      const hole = stream.anchors.filter(({ number }) => number !== 2);
      expect((await verify(node(hole))).outcome).to.equal("failed");
      expect((await verify(node(stream.anchors.slice(0, 2)))).outcome).to.equal("failed");
    });

    it("does not take silence for an answer", async () => {
      const silent = new TwinwardError("CHAIN_UNAVAILABLE", { detail: "No answer from the node." });
      const refuse = (): Promise<never> => Promise.reject(silent);
      const source: AnchorSource = {
        describe: () => ({ kind: "rpc" }),
        chain: refuse,
        anchors: refuse,
        device: refuse,
      };
      const verified = await verifyReceipt(world.receipt, { consortium: world.consortium, source });
      expect(verified.outcome).to.equal("not checked");
      expect(verified.checks.find(({ name }) => name === "batch anchored")?.detail).to.equal(
        "No answer from the node.",
      );
    });

    it("refuses a receipt that is newer than the anchors", async () => {
      const streams = world.anchors.streams.map((stream) => ({ ...stream, anchors: stream.anchors.slice(0, 2) }));
      const source = sourceOfAnchors(await resigned(world, "verify", { streams }));
      const verified = await verifyReceipt(world.receipt, { consortium: world.consortium, source });
      expect(named(verified, "failed")).to.deep.equal(["batch in log"]);
      expect(verified.checks.find(({ result }) => result === "failed")?.detail).to.contain("take a newer source");
    });

    it("refuses anchors that the checkpoint does not cover", async () => {
      const changed = parse(stringify(world.anchors)) as { streams: { anchors: { root: string }[] }[] };
      const anchor = changed.streams[0]?.anchors[3];
      if (anchor) anchor.root = toHex(drawn("x", "root"));
      const source = sourceOfAnchors(parseAnchors(changed));
      const failed = named(await verifyReceipt(world.receipt, { consortium: world.consortium, source }), "failed");
      expect(failed).to.include.members(["log root", "batch anchored"]);
    });
  });

  describe("what is no receipt@1", () => {
    const refusedAt = async (text: string): Promise<unknown> => {
      try {
        await verifyReceipt(text, trust);
      } catch (error) {
        expect(error).to.be.instanceOf(TwinwardError);
        expect((error as TwinwardError).code).to.equal("UNUSABLE_RECEIPT");
        return (error as TwinwardError).facts.path;
      }
      throw new Error("it was accepted");
    };

    it("names the place", async () => {
      const text = writeReceipt(world.receipt);
      expect(await refusedAt("{")).to.equal("$");
      expect(await refusedAt(text.replace('"batch":{', '"batch":{"colour":1,'))).to.equal("$.batch.colour");
      expect(await refusedAt(text.replace('"batch":{"count":3', '"batch":{"count":3,"count":3'))).to.equal(
        "$.batch.count",
      );
      expect(await refusedAt(text.replace(world.receipt.batch.root, world.receipt.batch.root.toUpperCase()))).to.equal(
        "$.ack.root",
      );
      expect(await refusedAt(text.replace('"index":1,"key"', '"index":-1,"key"'))).to.equal("$.index");
      expect(await refusedAt(text.replace(/,"format":"receipt@1"/, ""))).to.equal("$.format");
      expect(await refusedAt(text.replace(/,"key":\{[^}]*\}/, ""))).to.equal("$.key");
      expect(await refusedAt(writeReceipt(world.decision).replace('"twin":', '"twim":'))).to.equal(
        "$.disclosed.record.twim",
      );
    });

    it("refuses other forms of the same value", async () => {
      const text = writeReceipt(world.receipt);
      expect((await verifyReceipt(`${text}\n`, trust)).outcome).to.equal("passed");
      for (const other of [` ${text}`, `${text}\n\n`, `${text}\r\n`, text.replace(":", ": "), `\ufeff${text}`]) {
        expect(await refusedAt(other)).to.be.a("string");
      }
    });
  });
});
