import { expect } from "chai";
import { Interface, type ErrorFragment, type InterfaceAbi, type ParamType } from "ethers";
import { refusalOf } from "../../apps/cli/contract-refusal.ts";
import { explainError } from "../../apps/cli/print.ts";
import { codeOfRefusal, ERRORS } from "../../protocol/errors.ts";
import { CONTRACTS, OPERATING_CONTRACTS } from "../../protocol/words.ts";

/** Errors that no command, page or client can bring about, by why. Each of them is met in a log, as TRANSACTION_REVERTED, if at all. */
const UNREACHABLE: Readonly<Record<string, readonly string[]>> = {
  "of a library, where what we hand it cannot make it fail: no call with value, texts of fixed length, code where we call":
    [
      "AddressEmptyCode",
      "FailedCall",
      "InsufficientBalance",
      "InvalidShortString",
      "StringTooLong",
      "StringsInsufficientHexLength",
    ],
  "of OpenZeppelin's AccessManager: operators grant roles and schedule acts with tools of their own, which know its words":
    [
      "AccessManagedInvalidAuthority",
      "AccessManagerAlreadyScheduled",
      "AccessManagerBadConfirmation",
      "AccessManagerExpired",
      "AccessManagerInvalidInitialAdmin",
      "AccessManagerLockedFunction",
      "AccessManagerLockedRole",
      "AccessManagerNotReady",
      "AccessManagerNotScheduled",
      "AccessManagerUnauthorizedAccount",
      "AccessManagerUnauthorizedCall",
      "AccessManagerUnauthorizedCancel",
      "AccessManagerUnauthorizedConsume",
      "SafeCastOverflowedUintDowncast",
    ],
  "of the deployment, which `up` does once with a plan of its own": [
    "AlreadyWired",
    "MembersMissing",
    "NotWirer",
    "WiringZero",
  ],
  "between contracts: who calls by hand is told, no door of ours does": [
    "NotQuorum",
    "NotTwinRegistry",
    "NotVerdictOracle",
    "VerdictKindUnknown",
  ],
  "of the gateway's own anchors and streams: the server meets it, recovers or halts, and says so under its own code": [
    "AnchorNumberUnexpected",
    "BatchEmpty",
    "BatchesTooMany",
    "LeavesTooMany",
    "StreamNotFenced",
    "SuccessorExists",
  ],
  "of an oracle's process, which reports the contract's word as the outcome of what it transmitted": [
    "EvidenceNotAnchored",
    "KindUnknown",
    "OracleBitUnknown",
    "OracleSetUnexpected",
    "ReadmissionUnexpected",
    "RootZero",
    "RoundAlreadyCleared",
    "RoundBoundsUnexpected",
    "SequencesUnexpected",
    "SeverityUnexpected",
    "SignatureNotOracle",
    "StreamNotHome",
    "TransmitterNotOracle",
    "VerdictStale",
  ],
};

const reasoned = Object.values(UNREACHABLE).flat();

/** Every custom error of every contract, once. */
async function customErrors(): Promise<Map<string, ErrorFragment>> {
  const found = new Map<string, ErrorFragment>();
  for (const name of [...CONTRACTS, ...OPERATING_CONTRACTS]) {
    const abi = (await import(`../../protocol/abi/${name}.ts`)) as Record<string, InterfaceAbi>;
    new Interface(Object.values(abi)[0] ?? []).forEachError((error) => void found.set(error.name, error));
  }
  return found;
}

function sample({ type, arrayChildren, components }: ParamType): unknown {
  if (arrayChildren) return [];
  if (components) return components.map(sample);
  if (type === "string") return "";
  if (type === "bool") return false;
  if (type === "address") return `0x${"22".repeat(20)}`;
  if (type.startsWith("bytes")) return type === "bytes" ? "0x" : `0x${"33".repeat(Number(type.slice(5)))}`;
  return 5;
}

describe("errors of the contracts", () => {
  it("have their code in the one table, or are reasoned to reach nobody", async () => {
    const silent = [...(await customErrors()).keys()].filter(
      (name) => codeOfRefusal(name) === undefined && !reasoned.includes(name),
    );
    expect(silent).to.deep.equal([]);
  });

  it("are reasoned away only where they exist, once, and have no code", async () => {
    const errors = await customErrors();
    expect(reasoned.filter((name) => !errors.has(name))).to.deep.equal([]);
    expect(reasoned.filter((name) => codeOfRefusal(name) !== undefined)).to.deep.equal([]);
    expect(new Set(reasoned).size).to.equal(reasoned.length);
  });

  it("are shown by their code, with the evidence and what to do, whichever contract was called", async () => {
    for (const [name, error] of await customErrors()) {
      const data = new Interface([error]).encodeErrorResult(error, error.inputs.map(sample));
      const refusal = refusalOf(data);
      const code = codeOfRefusal(name) ?? "TRANSACTION_REVERTED";
      expect(refusal?.code, name).to.equal(code);
      const shown = explainError(refusal);
      expect(shown, name).to.contain(`${code}: The contract refused: ${name}(`);
      expect(shown, name).to.contain(`What to do: ${ERRORS[code].remedy}`);
    }
    expect(refusalOf("0x12345678")).to.equal(undefined);
    expect(refusalOf("0x")).to.equal(undefined);
  });

  it("that are in the table as contracts' own are each of a contract", async () => {
    const { CONTRACT_ERRORS } = await import("../../protocol/contract-errors.ts");
    const codes = new Set([...(await customErrors()).keys()].map(codeOfRefusal));
    expect(Object.keys(CONTRACT_ERRORS).filter((code) => !codes.has(code as never))).to.deep.equal([]);
  });
});
