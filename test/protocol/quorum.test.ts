import { Wallet } from "ethers";
import { expect } from "chai";
import fc from "fast-check";
import {
  memberQuorum,
  signCheckpoint,
  sourceOfAnchors,
  toHex,
  verifyReceipt,
  writeReceipt,
  type AnchorsFile,
  type Checkpoint,
  type Consortium,
  type ConsortiumMember,
  type Hex,
} from "../../protocol/index.ts";
import { drawn, makeWorld, type TestWorld } from "./world.ts";

const NAMES = ["North", "East", "South", "West", "Harbour", "Hill", "Lake"];

describe("a checkpoint rests on a quorum of members", () => {
  let world: TestWorld;
  let unsigned: Checkpoint;
  const walletOf = (name: string): Wallet => new Wallet(toHex(drawn("quorum", name)));
  const signerOf = (name: string): Hex => walletOf(name).address.toLowerCase() as Hex;
  const members = (count: number, change = (one: ConsortiumMember): ConsortiumMember => one): Consortium => ({
    ...world.consortium,
    members: NAMES.slice(0, count).map((name, i) => {
      const gateways = i === 0 ? (world.consortium.members[0]?.gateways ?? []) : [];
      return change({ name, endpoint: `https://${name}.example`, signer: signerOf(name), gateways, oracles: [] });
    }),
  });
  const signedBy = async (names: readonly string[], by = walletOf, over = unsigned): Promise<Checkpoint> => {
    let checkpoint = over;
    for (const name of names) {
      const sign = (digest: Uint8Array): Hex => by(name).signingKey.sign(digest).serialized as Hex;
      checkpoint = await signCheckpoint(checkpoint, name, signerOf(name), sign);
    }
    return checkpoint;
  };
  const outcome = async (consortium: Consortium, checkpoint: Checkpoint): Promise<string> => {
    const file: AnchorsFile = { ...world.anchors, checkpoint };
    const trust = { consortium, source: sourceOfAnchors(file) };
    const verified = await verifyReceipt(writeReceipt(world.receipt), trust);
    const check = verified.checks.find(({ name }) => name === "checkpoint signature");
    return `${verified.outcome}: ${check?.result ?? ""}: ${check?.detail ?? ""}`;
  };

  before(async () => {
    world = await makeWorld("quorum");
    unsigned = { ...world.anchors.checkpoint, signatures: [] };
  });

  it("fails with one signature less, however the rest came about", async () => {
    const four = members(4);
    expect(await outcome(four, unsigned)).to.match(/^failed: failed: .*0 of 4 members, 3 are needed/);
    expect(await outcome(four, await signedBy(["North", "West"]))).to.match(/2 of 4 members, 3 are needed/);
    // One member three times, a stranger, a member by a stranger's key, a signature over another block.
    const strange = (): Wallet => walletOf("stranger");
    const another = await signedBy(["South"], walletOf, { ...unsigned, block: { ...unsigned.block, number: 31 } });
    const two = await signedBy(["North", "West"]);
    for (const more of [
      await signedBy(["North", "North", "West"], walletOf, two),
      await signedBy(["stranger"], walletOf, two),
      await signedBy(["South"], strange, two),
      { ...two, signatures: [...two.signatures, ...another.signatures] },
    ]) {
      expect(await outcome(four, more)).to.match(/^failed: failed: .*2 of 4 members, 3 are needed/);
    }
  });

  it("counts one key for one member, whoever bears its name", async () => {
    const twins = members(4, (one) => (one.name === "South" ? { ...one, signer: signerOf("West") } : one));
    const as = async (names: string[]): Promise<Checkpoint> => {
      let checkpoint = unsigned;
      for (const name of names) {
        const key = name === "South" ? "West" : name;
        const sign = (digest: Uint8Array): Hex => walletOf(key).signingKey.sign(digest).serialized as Hex;
        checkpoint = await signCheckpoint(checkpoint, name, signerOf(key), sign);
      }
      return checkpoint;
    };
    expect(await outcome(twins, await as(["North", "South", "West"]))).to.match(/2 of 4 members, 3 are needed/);
  });

  it("makes everything fail that rests on the file, not only its own check", async () => {
    const file = { ...world.anchors, checkpoint: await signedBy(["North", "West"]) };
    const trust = { consortium: members(4), source: sourceOfAnchors(file) };
    const { checks } = await verifyReceipt(writeReceipt(world.receipt), trust);
    const failed = checks.filter(({ result }) => result === "failed").map(({ name }) => name);
    expect(failed).to.include.members(["log root", "batch anchored", "batch in log", "device key"]);
    expect(checks.find(({ name }) => name === "batch anchored")?.detail).to.match(/not signed by a quorum/);
  });

  it("passes with a quorum of any members, in any order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 7 }), fc.infiniteStream(fc.nat()), async (count, draws) => {
        const names = NAMES.slice(0, count);
        const chosen: string[] = [];
        while (chosen.length < memberQuorum(count)) {
          chosen.push(...names.splice((draws.next().value as number) % names.length, 1));
        }
        expect(await outcome(members(count), await signedBy(chosen))).to.match(/^passed: passed: signed by /);
        const fewer = await signedBy(chosen.slice(1));
        expect(await outcome(members(count), fewer)).to.match(/^failed: failed: not signed by a quorum/);
      }),
      { numRuns: 20, seed: 7 },
    );
  });

  it("covers where and when everything was anchored: a time moved in file and receipt alike fails", async () => {
    const consortium = members(4);
    const checkpoint = await signedBy(["North", "East", "West"]);
    const moved = <T extends { timestamp: number }>(block: T): T => ({ ...block, timestamp: block.timestamp - 30 });
    const receipt = { ...world.receipt, anchor: { ...world.receipt.anchor, block: moved(world.receipt.anchor.block) } };
    const [stream] = world.anchors.streams;
    if (!stream) throw new Error("no stream");
    const anchors = stream.anchors.map((anchor) =>
      anchor.number === 1 ? { ...anchor, block: moved(anchor.block) } : anchor,
    );
    const file = { ...world.anchors, streams: [{ ...stream, anchors }], checkpoint };
    const verified = await verifyReceipt(writeReceipt(receipt), { consortium, source: sourceOfAnchors(file) });
    const block = verified.checks.find(({ name }) => name === "anchor block");
    expect(block).to.deep.include({ result: "failed" });
    expect(block?.detail).to.match(/transactions and blocks are not those of its checkpoint/);
    expect(await outcome(consortium, checkpoint)).to.match(/^passed/);
  });

  it("takes an older checkpoint for what it covers, and says whose word the rest is", async () => {
    const { placesRoot, ...older } = unsigned;
    expect(placesRoot).to.be.a("string");
    const checkpoint = await signedBy(["North", "East", "West"], walletOf, older);
    const trust = { consortium: members(4), source: sourceOfAnchors({ ...world.anchors, checkpoint }) };
    const { outcome: result, checks } = await verifyReceipt(writeReceipt(world.receipt), trust);
    expect(result).to.equal("passed");
    for (const name of ["anchor transaction", "anchor block"]) {
      expect(checks.find((check) => check.name === name)?.detail).to.match(/the file's word/);
    }
    // Taken out of a newer one, the signatures are over something else.
    const { signatures } = await signedBy(["North", "East", "West"]);
    expect(await outcome(members(4), { ...older, signatures })).to.match(/^failed/);
  });

  it("is n − f, so that any two quorums share an honest member", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 10].map(memberQuorum)).to.deep.equal([1, 2, 3, 3, 4, 5, 5, 7]);
    for (let n = 1; n <= 256; n++) {
      const f = Math.floor((n - 1) / 3);
      expect(2 * memberQuorum(n) - n).to.be.greaterThan(f);
    }
  });
});
