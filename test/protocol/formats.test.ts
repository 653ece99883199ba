import { SDJwtInstance } from "@sd-jwt/core";
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  buildRecord,
  canonical,
  deviceId,
  ERRORS,
  fromHex,
  groupOfStream,
  isRefusal,
  leafHash,
  manifestHash,
  modelHash,
  parseAnchors,
  parseCheckpoint,
  parseConsortium,
  parseReading,
  parseStrict,
  publicKeyOf,
  readAck,
  readDeviceModel,
  readManifest,
  readRecord,
  sourceOfAnchors,
  toHex,
  verifyAck,
  verifyEs256,
  verifyReadingSignature,
  verifyReceipt,
  ZERO_32,
  type DecisionRecord,
  type Hex,
  type ParsedReading,
} from "../../protocol/index.ts";
import { drawn } from "./world.ts";

const FORMATS = new URL("../../docs/formats/", import.meta.url);
const page = (name: string): string => readFileSync(new URL(`${name}.md`, FORMATS), "utf8");
const block = (name: string, language: string): string => {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page(name))?.[1];
  if (found === undefined) throw new Error(`${name}.md has no ${language} block`);
  return found;
};
const example = (name: string): unknown => parseStrict(block(name, "json"));

describe("docs/formats", () => {
  it("names its format in the first line of each page, and shows an example first", () => {
    for (const file of readdirSync(FORMATS)) {
      const text = readFileSync(new URL(file, FORMATS), "utf8");
      expect(text.split("\n")[0], file).to.match(/^# .*@1/);
    }
  });

  it("has a receipt, a consortium and anchors that verify together", async () => {
    const consortium = parseConsortium(example("consortium"));
    const source = sourceOfAnchors(parseAnchors(example("anchors")));
    const { outcome, checks } = await verifyReceipt(canonical(example("receipt")), { consortium, source });
    expect(checks.filter(({ result }) => result !== "passed")).to.deep.equal([]);
    expect(outcome).to.equal("passed");
    for (const { name } of checks) expect(page("receipt")).to.contain(name);
    expect(parseCheckpoint(example("checkpoint"))).to.deep.equal(parseAnchors(example("anchors")).checkpoint);
  });

  it("has an ack whose gateway and leaf hold", () => {
    const consortium = parseConsortium(example("consortium"));
    const ack = readAck(example("ack"));
    const group = groupOfStream(consortium, ack.stream);
    const { leaf } = example("receipt") as { leaf: { hash: Hex } };
    expect(group && verifyAck(ack, group, fromHex(leaf.hash))).to.equal(true);
    expect(group && verifyAck({ ...ack, anchorBy: ack.anchorBy + 1 }, group, fromHex(leaf.hash))).to.equal(false);
    expect(group && verifyAck(ack, group, drawn("other", "leaf"))).to.equal(false);
  });

  it("has a leaf, a record, a model, a manifest and a refusal that are what they say", () => {
    const leaf = example("leaf-and-tree") as { kind: number; subject: Hex; sequence: string; content: Hex; leaf: Hex };
    expect(toHex(leafHash(leaf.kind, leaf.subject, BigInt(leaf.sequence), leaf.content))).to.equal(leaf.leaf);
    const record = readRecord(canonical(example("records"))) as unknown as DecisionRecord;
    expect(buildRecord(record).text).to.equal(canonical(example("records")));
    const model = readDeviceModel(example("device-model"));
    const manifest = readManifest(example("manifest"));
    expect(manifest.model).to.equal(modelHash(model));
    expect(manifestHash(manifest)).to.match(/^0x[0-9a-f]{64}$/);
    const refusal = example("refusal");
    if (!isRefusal(refusal)) throw new Error("no refusal");
    expect(refusal).to.include({ status: ERRORS[refusal.code].status, title: ERRORS[refusal.code].message });
  });

  describe("the Python signer of reading.md", () => {
    const key = drawn("python", "device");
    const { x, y } = publicKeyOf(key);
    const device = deviceId(31337, ZERO_32.slice(0, 42) as Hex, { x, y });
    const signer = block("reading", "python");
    let directory = "";
    before(() => {
      directory = mkdtempSync(join(tmpdir(), "twinward-signer-"));
      writeFileSync(join(directory, "signer.py"), signer);
    });
    after(() => rmSync(directory, { recursive: true }));

    const run = (...rest: string[]): ParsedReading => {
      const args = [join(directory, "signer.py"), toHex(key).slice(2), device, ...rest];
      return parseReading(execFileSync("python3", args, { encoding: "utf8" }).trim());
    };

    it("has at most 80 lines", () => expect(signer.trimEnd().split("\n").length).to.be.at.most(80));

    it("signs readings that parse, chain and verify, also with @sd-jwt/core", async () => {
      const first = run("1", ZERO_32.slice(2));
      const later = run("5", first.content.slice(2), "3");
      expect(first).to.include({ device, kid: 1, sequence: 1, gap: 0, prev: ZERO_32, model: "pulse-oximeter@1" });
      expect(later).to.include({ sequence: 5, gap: 3, prev: first.content });
      for (const parsed of [first, later]) {
        expect(verifyReadingSignature(parsed, { x, y })).to.equal(true);
        expect(parsed.disclosures.map(({ segment, v, fault }) => [segment, v, fault])).to.deep.equal([
          ["heart", [72, 72.5], undefined],
          ["spo2", [], undefined],
        ]);
        const independent = new SDJwtInstance<Record<string, unknown>>({
          hashAlg: "sha-256",
          hasher: (data) =>
            createHash("sha256")
              .update(Buffer.from(data as string))
              .digest(),
          verifier: (data, signature) => verifyEs256({ x, y }, Buffer.from(data), Buffer.from(signature, "base64url")),
        });
        const { payload } = await independent.verify(parsed.text);
        expect(payload).to.have.property("spo2");
      }
    });
  });
});
