import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { SignedFinding } from "../../protocol/finding.ts";
import { parseStrict } from "../../protocol/json.ts";

/** Something that this oracle has signed. */
export interface Signed {
  readonly stream: Hex;
  readonly round: number;
  /** Null: the round's all-clear. */
  readonly device: Hex | null;
  /** The set of oracles that it speaks for; left out by states from before sets could change. */
  readonly oracleSet?: Hex;
  readonly severity: number;
  readonly digest: Hex;
  /** What leaves, byte for byte, however often it is sent; null once the server has it and its round is over. */
  readonly signed: SignedFinding | null;
  /** The server has it; false is sent again after a restart. */
  readonly settled: boolean;
}

/** The last reading of a device before the round that is being judged: where to go on reading, and what must chain to it. */
export interface Baseline {
  readonly sequence: number;
  readonly content: Hex | null;
}

/** All that an oracle must not forget. */
export interface OracleState {
  readonly format: "oracle-state@1";
  readonly oracle: Hex;
  readonly chainId: number;
  /** Address of the VerdictOracle: another deployment is another history. */
  readonly contract: Hex;
  /** Per stream: the next batch to judge, and the lowest round that may still be signed. */
  readonly streams: Readonly<Record<Hex, { readonly next: number; readonly floor: number }>>;
  readonly baselines: Readonly<Record<Hex, Baseline>>;
  readonly signed: readonly Signed[];
}

export function newState(oracle: Hex, chainId: number, contract: Hex): OracleState {
  return { format: "oracle-state@1", oracle, chainId, contract, streams: {}, baselines: {}, signed: [] };
}

/**
 * The state kept in `file`, or a new one where there is no file. Throws DATA_UNUSABLE when the file belongs to another key,
 * chain or contract, or cannot be read: going on without it could contradict what was signed.
 */
export function loadState(file: string, oracle: Hex, chainId: number, contract: Hex): OracleState {
  if (!existsSync(file)) return newState(oracle, chainId, contract);
  let state: OracleState;
  try {
    state = parseStrict(readFileSync(file, "utf8")) as OracleState;
  } catch (cause) {
    throw new TwinwardError("DATA_UNUSABLE", { file, detail: `${file} is not an oracle's state.` }, cause);
  }
  const same =
    state.format === "oracle-state@1" &&
    state.oracle === oracle &&
    state.chainId === chainId &&
    state.contract === contract;
  if (!same)
    throw new TwinwardError("DATA_UNUSABLE", { file, detail: `${file} is of another oracle, chain or contract.` });
  return state;
}

/** Makes the state durable before it returns: written aside, synced, renamed, directory synced. */
export function saveState(file: string, state: OracleState): void {
  const directory = dirname(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const aside = `${file}.tmp`;
  const handle = openSync(aside, "w", 0o600);
  try {
    writeFileSync(handle, JSON.stringify(state));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  // Dying before this line leaves the old state; after it, the new one. Never half of either.
  renameSync(aside, file);
  const folder = openSync(directory, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
