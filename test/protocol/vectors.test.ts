import { expect } from "chai";
import { readFileSync } from "node:fs";
import {
  ackMessage,
  anchorLeaf,
  assignmentId,
  canonical,
  checkpointDigest,
  deviceId,
  Frontier,
  fromBase64url,
  fromHex,
  grantId,
  inclusionPath,
  keyProofMessage,
  keysRoot,
  leafHash,
  merkleRoot,
  parseAnchors,
  parseConsortium,
  parseReading,
  parseReceipt,
  parseStrict,
  publicKeyOf,
  readingLeaf,
  sha256,
  sourceOfAnchors,
  streamId,
  toBase64url,
  toHex,
  Tree,
  TwinwardError,
  twinId,
  utf8,
  verifyConsistency,
  verifyEs256,
  verifyInclusion,
  verifyReadingSignature,
  verifyReceipt,
  writeReceipt,
  type Batch,
  type Hex,
} from "../../protocol/index.ts";
import { parseDisclosure } from "../../protocol/disclosure.ts";
import { P256_N } from "../../protocol/es256.ts";
import { sha256Base64url } from "../../protocol/hash.ts";

const load = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")) as T;
const bytesOf = (list: readonly string[]): Uint8Array[] => list.map((hex) => fromHex(hex));

interface Place {
  path: Hex[];
}

describe("golden vectors of an independent implementation", () => {
  it("leaf.json", () => {
    const { cases } = load<{ cases: { kind: number; subject: Hex; sequence: string; content: Hex; leaf: Hex }[] }>(
      "leaf",
    );
    for (const { kind, subject, sequence, content, leaf } of cases) {
      expect(toHex(leafHash(kind, subject, BigInt(sequence), content))).to.equal(leaf);
    }
  });

  it("tree.json: roots, frontiers, inclusion and consistency", () => {
    const vectors = load<{
      leaves: Hex[];
      roots: Hex[];
      frontier: Hex[][];
      inclusion: (Place & { index: number; size: number })[];
      consistency: (Place & { first: number; second: number })[];
    }>("tree");
    const leaves = bytesOf(vectors.leaves);
    const tree = new Tree(leaves);
    const frontier = new Frontier();
    vectors.roots.forEach((root, size) => {
      expect(toHex(merkleRoot(leaves.slice(0, size)))).to.equal(root);
      expect(toHex(tree.root(size))).to.equal(root);
      expect(toHex(frontier.root())).to.equal(root);
      expect(frontier.peaks.map(toHex)).to.deep.equal(vectors.frontier[size]);
      const leaf = leaves[size];
      if (leaf) frontier.append(leaf);
    });
    for (const { index, size, path } of vectors.inclusion) {
      expect(tree.path(index, size).map(toHex)).to.deep.equal(path);
      expect(inclusionPath(leaves.slice(0, size), index).map(toHex)).to.deep.equal(path);
      expect(verifyInclusion(leaves[index] ?? new Uint8Array(), index, size, bytesOf(path), tree.root(size))).to.equal(
        true,
      );
    }
    for (const { first, second, path } of vectors.consistency) {
      expect(tree.consistency(first, second).map(toHex)).to.deep.equal(path);
      expect(verifyConsistency(first, second, bytesOf(path), tree.root(first), tree.root(second))).to.equal(true);
    }
  });

  it("anchor.json: stream ids, anchor leaves and the log", () => {
    const { streams, anchors } = load<{
      streams: { chainId: number; anchorLog: Hex; gateway: Hex; n: number; stream: Hex }[];
      anchors: (Omit<Batch, "stream"> & { anchorLeaf: Hex; logRoot: Hex; frontier: Hex[] })[];
    }>("anchor");
    for (const { chainId, anchorLog, gateway, n, stream } of streams) {
      expect(streamId(chainId, anchorLog, gateway, n)).to.equal(stream);
    }
    const stream = streams[0]?.stream ?? "0x";
    const frontier = new Frontier();
    for (const anchor of anchors) {
      const leaf = anchorLeaf({ stream, ...anchor });
      frontier.append(leaf);
      expect(toHex(leaf)).to.equal(anchor.anchorLeaf);
      expect(toHex(frontier.root())).to.equal(anchor.logRoot);
      expect(frontier.peaks.map(toHex)).to.deep.equal(anchor.frontier);
      expect(toHex(new Frontier(frontier.size, frontier.peaks).root())).to.equal(anchor.logRoot);
    }
  });

  it("ids.json: ids and what is signed", () => {
    const v = load<{
      chainId: number;
      twinRegistry: Hex;
      device: Hex;
      assignment: { n: number; id: Hex };
      twin: { manifestHash: Hex; n: number; id: Hex };
      securityTwin: { manifestHash: Hex; n: number; id: Hex };
      grant: { reader: Hex; grantor: Hex; parent: Hex; nonce: string; id: Hex };
      ack: Record<"stream" | "anchorLog" | "root" | "bytes" | "sha256", Hex> &
        Record<"first" | "count" | "acceptedAt" | "anchorBy", string>;
      keyProof: { registry: Hex; keyNumber: number; steward: Hex; bytes: Hex; sha256: Hex };
    }>("ids");
    const { chainId, twinRegistry, device, assignment, twin, securityTwin, grant, ack, keyProof } = v;
    expect(assignmentId(chainId, twinRegistry, device, assignment.n)).to.equal(assignment.id);
    expect(twinId(chainId, twinRegistry, assignment.id, twin.manifestHash, twin.n)).to.equal(twin.id);
    expect(twinId(chainId, twinRegistry, device, securityTwin.manifestHash, 0)).to.equal(securityTwin.id);
    expect(grantId({ ...grant, twin: twin.id, nonce: BigInt(grant.nonce) })).to.equal(grant.id);
    const message = ackMessage({
      ...ack,
      chainId,
      first: Number(ack.first),
      count: Number(ack.count),
      acceptedAt: Number(ack.acceptedAt),
      anchorBy: Number(ack.anchorBy),
    });
    expect(toHex(message)).to.equal(ack.bytes);
    expect(toHex(sha256(message))).to.equal(ack.sha256);
    const proof = keyProofMessage(chainId, keyProof.registry, device, keyProof.keyNumber, keyProof.steward);
    expect(toHex(proof)).to.equal(keyProof.bytes);
    expect(toHex(sha256(proof))).to.equal(keyProof.sha256);
  });

  it("reading.json: content, leaf, either s, and no other base64url", () => {
    const v = load<{
      chainId: number;
      deviceRegistry: Hex;
      deviceId: Hex;
      key: { x: Hex; y: Hex; d: Hex };
      readings: {
        sequence: number;
        gap: number | null;
        signingInput: string;
        content: Hex;
        leaf: Hex;
        reading: string;
        highS: string;
        nonCanonicalBase64: string;
        disclosures: string[];
      }[];
    }>("reading");
    expect(deviceId(v.chainId, v.deviceRegistry, v.key)).to.equal(v.deviceId);
    expect(publicKeyOf(fromHex(v.key.d))).to.deep.equal({ x: v.key.x, y: v.key.y });
    for (const vector of v.readings) {
      for (const text of [vector.reading, vector.highS]) {
        const parsed = parseReading(text);
        expect(verifyReadingSignature(parsed, v.key)).to.equal(true);
        expect(parsed.device).to.equal(v.deviceId);
        expect(parsed.sequence).to.equal(vector.sequence);
        expect(parsed.gap).to.equal(vector.gap ?? 0);
        expect(parsed.signingInput).to.equal(vector.signingInput);
        expect(parsed.content).to.equal(vector.content);
        expect(toHex(readingLeaf(parsed))).to.equal(vector.leaf);
        expect(parsed.disclosures.map(({ encoded }) => encoded)).to.deep.equal(vector.disclosures);
      }
      expect(vector.highS).not.to.equal(vector.reading);
      expect(() => parseReading(vector.nonCanonicalBase64))
        .to.throw(TwinwardError)
        .with.property("code", "READING_NOT_CANONICAL");
    }
  });
});

describe("receipt.json", () => {
  const v = load<{
    receipt: string;
    decision: string;
    recordText: string;
    consortium: unknown;
    anchors: unknown;
    checkpointDigest: Hex;
    keysRoot: Hex;
  }>("receipt");

  it("verifies, and its parts are what they were", async () => {
    const file = parseAnchors(v.anchors);
    const trust = { consortium: parseConsortium(v.consortium), source: sourceOfAnchors(file) };
    for (const text of [v.receipt, v.decision]) {
      expect((await verifyReceipt(text, trust)).outcome).to.equal("passed");
      expect(writeReceipt(parseReceipt(text))).to.equal(text);
    }
    const decision = parseReceipt(v.decision);
    expect("record" in decision.disclosed && canonical(decision.disclosed.record)).to.equal(v.recordText);
    expect(toHex(sha256(utf8(v.recordText)))).to.equal(decision.leaf.content);
    expect(toHex(checkpointDigest(file.checkpoint))).to.equal(v.checkpointDigest);
    expect(toHex(keysRoot(file.devices))).to.equal(v.keysRoot);
  });
});

describe("examples of the standards", () => {
  const rfc = load<{
    merkleTreeHeads: { inputs: Hex[]; roots: Hex[]; consistency: Place & { first: number; second: number } };
    canonicalJson: {
      values: { input: string; output: string };
      sorting: { input: string; values: string[] };
      numbers: [string, string][];
      refusedNumbers: string[];
    };
    disclosureDigest: { disclosure: string; digest: string; array: [string, string, string] };
    es256: { x: string; y: string; d: string; signingInput: string; signature: string };
  }>("rfc");

  it("RFC 6962: tree heads and a consistency proof", () => {
    const { inputs, roots, consistency } = rfc.merkleTreeHeads;
    const tree = new Tree(inputs.map((input) => sha256(new Uint8Array(1), fromHex(input))));
    roots.forEach((root, size) => expect(toHex(tree.root(size))).to.equal(root));
    expect(tree.consistency(consistency.first, consistency.second).map(toHex)).to.deep.equal(consistency.path);
  });

  it("RFC 8785: values, sorting and numbers", () => {
    const { values, sorting, numbers, refusedNumbers } = rfc.canonicalJson;
    expect(canonical(parseStrict(values.input))).to.equal(values.output);
    const sorted = canonical(parseStrict(sorting.input));
    expect([...sorted.matchAll(/:"((?:[^"\\])*)"/g)].map(([, value]) => value)).to.deep.equal(sorting.values);
    const double = (bits: string): number => new DataView(fromHex(`0x${bits}`).buffer).getFloat64(0);
    for (const [bits, text] of numbers) expect(canonical(double(bits))).to.equal(text);
    for (const bits of refusedNumbers) expect(() => canonical(double(bits))).to.throw(TwinwardError);
  });

  it("RFC 9901: the digest of a disclosure is over its base64url text", () => {
    const { disclosure, digest, array } = rfc.disclosureDigest;
    expect(sha256Base64url(disclosure)).to.equal(digest);
    const parsed = parseDisclosure(disclosure);
    expect([parsed.salt, parsed.segment]).to.deep.equal(array.slice(0, 2));
    expect(parsed.fault).to.be.a("string");
  });

  it("RFC 7515 A.3: ES256, with s and with N − s, and no other last character", () => {
    const { x, y, d, signingInput, signature } = rfc.es256;
    const key = { x: toHex(fromBase64url(x, 32)), y: toHex(fromBase64url(y, 32)) };
    const bytes = fromBase64url(signature, 64);
    const message = utf8(signingInput);
    expect(publicKeyOf(fromBase64url(d, 32))).to.deep.equal(key);
    expect(verifyEs256(key, message, bytes)).to.equal(true);
    const s = P256_N - BigInt(toHex(bytes.subarray(32)));
    const other = bytes.slice();
    other.set(fromHex(`0x${s.toString(16).padStart(64, "0")}`), 32);
    expect(verifyEs256(key, message, other)).to.equal(true);
    expect(toBase64url(other)).not.to.equal(signature);
    // To a lenient decoder these end in the same byte as "Q": only unused bits differ.
    for (const last of "RSTUVWXYZabcdef") {
      expect(() => fromBase64url(`${signature.slice(0, -1)}${last}`)).to.throw(RangeError);
    }
    other.set(new Uint8Array(32), 32);
    expect(verifyEs256(key, message, other)).to.equal(false);
  });
});
