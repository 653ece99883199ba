import { expect } from "chai";
import { nodeOf, readDocument, slotOf } from "../../apps/console/verify/documents.ts";
import { groupChecks } from "../../apps/console/verify/group-checks.ts";
import { toOutcome } from "../../apps/console/verify/to-outcome.ts";
import { CHECKS, verifyReceipt, writeReceipt, type Check } from "../../protocol/index.ts";
import { makeWorld, trustOf } from "../protocol/world.ts";

const checks = (...results: Check["result"][]): Check[] =>
  results.map((result, index) => ({ name: CHECKS[index] ?? "leaf", result, detail: "" }));

describe("a verification in words", () => {
  it("is Verified only when everything passed", () => {
    expect(toOutcome({ checks: checks("passed", "passed"), outcome: "passed" }).title).to.equal("Verified");
    for (const outcome of ["failed", "not checked"] as const) {
      expect(toOutcome({ checks: checks("passed", outcome), outcome }).title).to.not.contain("Verified");
    }
  });
  it("names what failed, and what is open", () => {
    expect(toOutcome({ checks: checks("passed", "failed"), outcome: "failed" }).sentence).to.contain("genesis");
    expect(toOutcome({ checks: checks("not checked"), outcome: "not checked" }).sentence).to.contain("chain id");
  });
});

describe("the groups of checks", () => {
  it("hold every check that the protocol knows, once and in its order", () => {
    const all: Check[] = CHECKS.map((name) => ({ name, result: "passed", detail: "" }));
    expect(groupChecks(all).flatMap((group) => group.checks)).to.deep.equal(all);
  });
  it("leave no check of a real verification out", async () => {
    const world = await makeWorld("groups");
    const verification = await verifyReceipt(writeReceipt(world.receipt), trustOf(world));
    expect(groupChecks(verification.checks).flatMap((group) => group.checks)).to.deep.equal(verification.checks);
  });
});

describe("a document that was brought", () => {
  it("finds its place by its format", async () => {
    const world = await makeWorld("places");
    expect(slotOf(writeReceipt(world.receipt))).to.equal("receipt");
    expect(slotOf(JSON.stringify(world.consortium))).to.equal("trust");
    expect(slotOf(JSON.stringify(world.anchors))).to.equal("anchors");
    expect(slotOf("{}")).to.equal(undefined);
  });
  it("suggests a node only from JSON that names one", () => {
    expect(nodeOf('{"rpc":"http://127.0.0.1:8545"}')).to.equal("http://127.0.0.1:8545");
    expect(nodeOf("{")).to.equal(undefined);
  });
  it("is refused when it is no UTF-8, rather than silently changed", async () => {
    const refusal = await readDocument(new File([Uint8Array.of(0xff, 0xfe)], "x.json")).catch((error: Error) => error);
    expect(refusal).to.be.instanceOf(Error).with.property("message", "x.json is not a text file in UTF-8");
  });
});
