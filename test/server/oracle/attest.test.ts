import { expect } from "chai";
import fc from "fast-check";
import { TypedDataEncoder } from "ethers";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFindingBody, verifyFinding, type SignedFinding } from "../../../protocol/finding.ts";
import { addressOfKey, recoverCompact, signCompact, verdictDigest } from "../../../protocol/verdict.ts";
import {
  attest,
  attestClear,
  ROUNDS_REMEMBERED,
  toVerdict,
  type Decided,
  type Place,
} from "../../../server/oracle/attest.ts";
import type { Outcome } from "../../../server/oracle/judge.ts";
import { loadState, newState, saveState } from "../../../server/oracle/state-file.ts";
import {
  CHAIN_ID,
  DOMAIN,
  ORACLE_SET,
  oracleKeys,
  START_MS,
  STREAM,
  VERDICT_FIELDS,
} from "../../helpers/oracle-world.ts";

const [key, otherKey] = oracleKeys(2) as [Uint8Array, Uint8Array];
const hash = (n: number): `0x${string}` => `0x${n.toString(16).padStart(64, "0")}`;
const pen = { domain: DOMAIN, key, at: START_MS, salt: new Uint8Array(16) };
const place: Place = {
  oracleSet: ORACLE_SET,
  stream: STREAM,
  round: 3,
  lastBatch: 34,
  device: hash(1),
  model: hash(2),
};
const outcome = (severity: number, last = 9): Decided => ({
  kind: severity === 0 ? "clear" : severity < 3 ? "suspect" : "quarantine",
  severity,
  firstSequence: 5,
  lastSequence: last,
  leavesRoot: hash(last),
  score: 1000 * severity,
  explanation: severity > 0 ? [{ signal: "pulse", share: 0.75 }] : [],
});
const state = newState(addressOfKey(key), CHAIN_ID, DOMAIN.contract);
const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

describe("what an oracle remembers", () => {
  it("stays small however many devices it clears, and still signs nothing twice", () => {
    const devices = Array.from({ length: 100 }, (_, n) => {
      return { device: hash(n), firstSequence: 1, lastSequence: 9, leavesRoot: hash(n) };
    });
    const bytesOf = (told: typeof state): number => JSON.stringify(told).length;
    let told = state;
    let most = 0;
    for (let round = 0; round < 100; round++) {
      const attesting = attestClear(told, { ...place, round }, devices, pen);
      told = attesting?.state ?? told;
      // The server has it soon; where it was away for long, it is still to be sent.
      if (round !== 60)
        told = { ...told, signed: told.signed.map((s) => (s.round === round ? { ...s, settled: true } : s)) };
      most = Math.max(most, bytesOf(told));
      expect(attestClear(told, { ...place, round }, devices, pen)).to.equal(undefined);
    }
    const one = JSON.stringify(attestClear(state, place, devices, pen)?.state.signed).length;
    expect(most).to.be.below(7 * one + ROUNDS_REMEMBERED * 500);
    const kept = told.signed.filter(({ signed }) => signed !== null).map(({ round }) => round);
    expect(kept).to.deep.equal([60, 96, 97, 98, 99]);
    expect(attestClear(told, { ...place, round: 10 }, devices, pen)).to.equal(undefined);
  });

  it("keeps the bytes of what the server does not have yet", () => {
    let told = state;
    for (let round = 0; round < 9; round++) {
      told = attestClear(told, { ...place, round }, [], pen)?.state ?? told;
      if (round !== 2)
        told = { ...told, signed: told.signed.map((s) => (s.round === round ? { ...s, settled: true } : s)) };
    }
    expect(told.signed.filter(({ signed }) => signed !== null).map(({ round }) => round)).to.deep.equal([
      2, 5, 6, 7, 8,
    ]);
  });
});

describe("attest", () => {
  it("signs the digest that EIP-712 demands, as ethers computes it", () => {
    const verdict = toVerdict(place, outcome(4));
    const { chainId, contract } = DOMAIN;
    const domain = { name: "Twinward VerdictOracle", version: "1", chainId, verifyingContract: contract };
    expect(verdictDigest(DOMAIN, verdict)).to.equal(TypedDataEncoder.hash(domain, VERDICT_FIELDS, verdict));
    const { signed } = attest(state, place, outcome(4), pen)!;
    expect(recoverCompact(verdictDigest(DOMAIN, verdict), signed.attestation)).to.equal(addressOfKey(key));
    expect(verifyFinding(DOMAIN, signed)).to.deep.include({ verdict, score: 4000, at: START_MS });
  });

  it("never signs two different verdicts of equal severity for one device and round", () => {
    const { state: after } = attest(state, place, outcome(2), pen)!;
    expect(attest(after, { ...place, lastBatch: 35 }, outcome(2, 10), pen)).to.equal(undefined);
    expect(attest(after, place, outcome(2), pen)).to.equal(undefined);
  });

  it("says the same once more when members have replaced the oracles, and nothing for a set that was signed for", () => {
    const next = { ...place, oracleSet: `0x${"77".repeat(32)}` as const };
    const first = attest(state, place, outcome(2), pen)!.state;
    const again = attest(first, next, outcome(2), pen)!;
    expect(verifyFinding(DOMAIN, again.signed)).to.deep.include({ verdict: toVerdict(next, outcome(2)) });
    expect(attest(again.state, next, outcome(2), pen)).to.equal(undefined);
    // The former set is put back: what was signed for it stands, and nothing else is.
    expect(attest(again.state, place, outcome(1), pen)).to.equal(undefined);
    const clear = attestClear(state, place, [], pen)!.state;
    expect(attestClear(clear, place, [], pen)).to.equal(undefined);
    expect(attestClear(clear, next, [], pen)).to.not.equal(undefined);
  });

  it("only rises within a round, whatever comes in whatever order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 5, max: 30 })), { maxLength: 12 }), (outcomes) => {
        let now = state;
        for (const [severity, last] of outcomes) now = attest(now, place, outcome(severity, last), pen)?.state ?? now;
        const severities = now.signed.map((s) => s.severity);
        expect(severities).to.deep.equal([...new Set(severities)].sort((a, b) => a - b));
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it("does not call a device clear after it accused it, but may accuse it after it called it clear", () => {
    const accused = attest(state, place, outcome(1), pen)!.state;
    expect(attest(accused, place, outcome(0), pen)).to.equal(undefined);
    const cleared = attest(state, place, outcome(0), pen)!.state;
    expect(attest(cleared, { ...place, lastBatch: 36 }, outcome(1), pen)).to.not.equal(undefined);
  });

  it("signs nothing about what could not be judged, neither for nor against", () => {
    const unjudged: Outcome = { ...outcome(0), kind: "unjudged", why: "it said too little" };
    expect(attest(state, place, unjudged, pen)).to.equal(undefined);
  });

  it("keeps devices, rounds and streams apart", () => {
    const { state: after } = attest(state, place, outcome(2), pen)!;
    expect(attest(after, { ...place, device: hash(9) }, outcome(2), pen)).to.not.equal(undefined);
    expect(attest(after, { ...place, round: 4, lastBatch: 44 }, outcome(2), pen)).to.not.equal(undefined);
    expect(attest(after, { ...place, stream: hash(8) }, outcome(2), pen)).to.not.equal(undefined);
  });

  it("signs one all-clear for a round, over its devices in order", () => {
    const device = (n: number) => ({ device: hash(n), firstSequence: 1, lastSequence: 9, leavesRoot: hash(n) });
    const first = attestClear(state, place, [device(2), device(1)], pen)!;
    const body = readFindingBody(first.signed.body);
    expect(body.format === "clear@1" && body.devices.map((d) => d.device)).to.deep.equal([hash(1), hash(2)]);
    expect(verifyFinding(DOMAIN, first.signed).digest).to.equal(body.digest);
    expect(attestClear(first.state, place, [device(1)], pen)).to.equal(undefined);
  });

  it("never signs for a round that it no longer remembers", () => {
    const late = { ...place, round: 3 + ROUNDS_REMEMBERED + 1, lastBatch: 10 * (3 + ROUNDS_REMEMBERED + 1) };
    const after = attest(attest(state, place, outcome(2), pen)!.state, late, outcome(2), pen)!.state;
    expect(after.signed).to.have.length(1);
    expect(attest(after, place, outcome(5), pen)).to.equal(undefined);
    expect(attestClear(after, place, [], pen)).to.equal(undefined);
  });
});

describe("finding@1", () => {
  const { signed } = attest(state, place, outcome(4), pen)!;

  it("refuses any other text, signer or place", () => {
    const wrong: [string, Partial<SignedFinding>][] = [
      ["FINDING_MALFORMED", { body: signed.body.replace(":", ": ") }],
      ["FINDING_MALFORMED", { body: signed.body.replace("{", '{"a":1,') }],
      ["FINDING_MALFORMED", { body: signed.body.replace('"severity":4', '"severity":0') }],
      ["FINDING_MALFORMED", { body: signed.body.replace('"kind":2', '"kind":4') }],
      ["FINDING_SIGNATURE_INVALID", { body: signed.body.replace('"severity":4', '"severity":5') }],
      ["FINDING_SIGNATURE_INVALID", { body: signed.body.replace('"score":4000', '"score":4001') }],
      ["FINDING_SIGNATURE_INVALID", { attestation: signed.signature }],
      ["FINDING_SIGNATURE_INVALID", { signature: signCompact(hash(1), otherKey) }],
    ];
    for (const [code, change] of wrong)
      expect(
        codeOf(() => verifyFinding(DOMAIN, { ...signed, ...change })),
        JSON.stringify(change),
      ).to.equal(code);
    expect(codeOf(() => verifyFinding({ ...DOMAIN, chainId: 1 }, signed))).to.equal("FINDING_SIGNATURE_INVALID");
  });
});

describe("an oracle's state file", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "oracle-state-"))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it("gives back what was saved, and begins empty", () => {
    const file = join(directory, "oracle", "state.json");
    const { oracle, contract } = state;
    expect(loadState(file, oracle, CHAIN_ID, contract)).to.deep.equal(state);
    const after = attest(state, place, outcome(3), pen)!.state;
    saveState(file, after);
    expect(loadState(file, oracle, CHAIN_ID, contract)).to.deep.equal(after);
  });

  it("refuses to go on with another key's, chain's or contract's state, or with half a file", () => {
    const file = join(directory, "state.json");
    saveState(file, state);
    const { oracle, contract } = state;
    expect(codeOf(() => loadState(file, addressOfKey(otherKey), CHAIN_ID, contract))).to.equal("DATA_UNUSABLE");
    expect(codeOf(() => loadState(file, oracle, 1, contract))).to.equal("DATA_UNUSABLE");
    expect(codeOf(() => loadState(file, oracle, CHAIN_ID, oracle))).to.equal("DATA_UNUSABLE");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, -5));
    expect(codeOf(() => loadState(file, oracle, CHAIN_ID, contract))).to.equal("DATA_UNUSABLE");
  });
});
