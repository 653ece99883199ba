// What people sign for the contracts (EIP-712), as the contracts' own types say it.
import type { Hex } from "../../protocol/bytes.ts";
import type { ContractName } from "../../protocol/words.ts";

export interface Field {
  readonly type: string;
  readonly name: string;
}

const fields = (line: string): Field[] =>
  line.split(",").map((field) => {
    const [type = "", name = ""] = field.split(" ");
    return { type, name };
  });

const GRANT = fields(
  "bytes32 twin,address reader,uint40 from,uint40 until,uint64 segments,uint8 purposes,uint8 depth,bytes32 parent,uint32 epoch,uint256 nonce,uint40 deadline",
);

/** Each with the types that it is made of, its own first. */
export const TYPES = {
  Grant: { Grant: GRANT },
  GrantBatch: { GrantBatch: [{ type: "Grant[]", name: "grants" }], Grant: GRANT },
  Revocation: { Revocation: fields("bytes32 grant,uint40 deadline") },
  Consent: { Consent: fields("bytes32 twin,address reader,uint8 purposes,uint256 nonce,uint40 deadline") },
  Subject: { Subject: fields("bytes32 assignment,address subject,address guardian,uint40 deadline") },
  Guardian: { Guardian: fields("bytes32 assignment,address guardian,uint40 deadline") },
  BreakGlass: {
    BreakGlass: fields("bytes32 twin,address opener,uint40 until,bytes32 reason,uint256 nonce,uint40 deadline"),
  },
  Change: { Change: fields("uint64 number,bytes[] calls,uint40 deadline") },
  Resume: { Resume: fields("bytes32 stream,uint32 suspension,bytes32 reason") },
  Fence: { Fence: fields("bytes32 stream,bytes32 reason") },
  Verdict: {
    Verdict: fields(
      "bytes32 oracleSet,bytes32 stream,uint64 round,uint64 firstBatch,uint64 lastBatch,bytes32 device,uint64 firstSequence,uint64 lastSequence,uint8 kind,uint8 severity,bytes32 model,bytes32 leavesRoot",
    ),
  },
  AllClear: { AllClear: fields("bytes32 oracleSet,bytes32 stream,uint64 round,bytes32 root") },
} as const satisfies Record<string, Readonly<Record<string, readonly Field[]>>>;

export type Typed = keyof typeof TYPES;

/** The types as ethers takes them. */
export const typesOf = (type: Typed): Record<string, Field[]> => TYPES[type] as unknown as Record<string, Field[]>;

export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Hex;
}

/** Of one of our contracts, at its address. */
export const domainOf = (contract: ContractName, chainId: number, verifyingContract: Hex): Domain => ({
  name: `Twinward ${contract}`,
  version: "1",
  chainId,
  verifyingContract,
});
