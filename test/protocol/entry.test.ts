import { TypedDataEncoder, verifyTypedData } from "ethers";
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Rollup } from "vite";
import { bundle } from "../helpers/bundle.ts";
import * as protocol from "../../protocol/index.ts";
import { makeWorld } from "./world.ts";

const ENTRY = fileURLToPath(new URL("../../protocol/index.ts", import.meta.url));

describe("the published entry", () => {
  it("exports these names and no others", () => {
    expect(Object.keys(protocol).sort()).to.deep.equal(EXPORTS);
  });

  it("signs checkpoints as wallets do", async () => {
    const { checkpoint } = (await makeWorld("wallet")).anchors;
    const { placesRoot, ...older } = checkpoint;
    expect(placesRoot).to.be.a("string");
    const typed = protocol.checkpointTypedData(older);
    expect(protocol.toHex(protocol.checkpointDigest(older))).to.equal(
      TypedDataEncoder.hash(typed.domain, typed.types, typed.message),
    );
    const { domain, types, message } = protocol.checkpointTypedData(checkpoint);
    expect(protocol.toHex(protocol.checkpointDigest(checkpoint))).to.equal(
      TypedDataEncoder.hash(domain, types, message),
    );
    const [signature] = checkpoint.signatures;
    if (!signature) throw new Error("not signed");
    expect(verifyTypedData(domain, types, message, signature.signature).toLowerCase()).to.equal(signature.signer);
  });

  it("gives the same answers without the runtime's own cryptography, as in a browser", async () => {
    const world = await makeWorld("browser");
    const directory = mkdtempSync(join(tmpdir(), "twinward-portable-"));
    try {
      const given = join(directory, "given.json");
      const { consortium, anchors, receipt, decision, readings } = world;
      writeFileSync(given, JSON.stringify({ consortium, anchors, receipt, decision, readings }));
      const script = `
        import { readFileSync } from "node:fs";
        process.getBuiltinModule = undefined;
        const p = await import(process.argv[1]);
        const { consortium, anchors, receipt, decision, readings } = JSON.parse(readFileSync(process.argv[2], "utf8"));
        const trust = { consortium: p.parseConsortium(consortium), source: p.sourceOfAnchors(p.parseAnchors(anchors)) };
        const outcomes = [];
        for (const one of [receipt, decision, { ...receipt, index: 0 }]) {
          outcomes.push((await p.verifyReceipt(p.writeReceipt(one), trust)).outcome);
        }
        const key = new Uint8Array(32).fill(7);
        const message = p.utf8("m");
        const own = p.verifyEs256(p.publicKeyOf(key), message, p.signEs256(key, message));
        console.log(JSON.stringify({ outcomes, own, contents: readings.map((text) => p.parseReading(text).content) }));`;
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", script, ENTRY, given], {
        encoding: "utf8",
      });
      expect(JSON.parse(output)).to.deep.equal({
        outcomes: ["passed", "passed", "failed"],
        own: true,
        contents: readings.map((text) => protocol.parseReading(text).content),
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("bundles for a browser without anything of Node", async () => {
    const [built] = (await bundle({
      configFile: false,
      logLevel: "error",
      build: { write: false, minify: false, lib: { entry: ENTRY, formats: ["es"], fileName: "protocol" } },
    })) as Rollup.RollupOutput[];
    const [chunk] = built?.output ?? [];
    if (!chunk) throw new Error("nothing was built");
    expect(chunk.code).not.to.match(/^import /m);
    expect(chunk.imports).to.deep.equal([]);
  });
});

const EXPORTS = [
  "ANSWERS",
  "CHECKS",
  "CLOCK_TOLERANCE_MS",
  "CONTRACTS",
  "DEVICE_STATES",
  "EMPTY_ROOT",
  "ERRORS",
  "FLAGS",
  "Frontier",
  "LATE_AFTER_MS",
  "LEAF_KINDS",
  "PERIOD_SECONDS",
  "PURPOSES",
  "Tree",
  "TwinwardError",
  "WEBHOOK_SIGNATURE",
  "ZERO_32",
  "ackArgument",
  "ackMessage",
  "actTypedData",
  "anchorLeaf",
  "assignmentId",
  "buildReading",
  "buildRecord",
  "canonical",
  "caseId",
  "checkAgainstModel",
  "checkpointDigest",
  "checkpointOver",
  "checkpointSigners",
  "checkpointTypedData",
  "codeOfRefusal",
  "consistencyPath",
  "deviceId",
  "equivocationDigest",
  "es256Signer",
  "findBreach",
  "findEquivocation",
  "flagNames",
  "fromBase64url",
  "fromHex",
  "grantId",
  "groupOfStream",
  "idOfSigned",
  "inclusionPath",
  "isHeld",
  "isHex",
  "isOnCurve",
  "isPurpose",
  "isRefusal",
  "isRequestSigned",
  "keccak256",
  "keyAt",
  "keyProofMessage",
  "keysRoot",
  "leafHash",
  "logTree",
  "manifestHash",
  "memberQuorum",
  "merkleRoot",
  "modelHash",
  "newPrivateKey",
  "noteHash",
  "parseAnchors",
  "parseCheckpoint",
  "parseConsortium",
  "parsePresentation",
  "parseReading",
  "parseReceipt",
  "parseStrict",
  "plausibility",
  "presentation",
  "publicKeyOf",
  "purposeBit",
  "purposeNames",
  "purposesMask",
  "readAck",
  "readDeviceModel",
  "readManifest",
  "readNote",
  "readReceipt",
  "readRecord",
  "readRequest",
  "readSignedAct",
  "readingLeaf",
  "recordKind",
  "requestId",
  "requestTypedData",
  "segmentNames",
  "segmentsMask",
  "sha256",
  "signCheckpoint",
  "signEs256",
  "signersLacking",
  "sourceOfAnchors",
  "strayValues",
  "streamEndLeaf",
  "streamId",
  "toBase64url",
  "toHex",
  "toProblem",
  "toRefusal",
  "twinId",
  "utf8",
  "valuesOf",
  "verifyAck",
  "verifyAckLeaf",
  "verifyAckSignature",
  "verifyConsistency",
  "verifyEs256",
  "verifyInclusion",
  "verifyReadingSignature",
  "verifyReceipt",
  "verifyWebhook",
  "webhookMessage",
  "writeNote",
  "writeReceipt",
];
