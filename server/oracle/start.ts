import { Wallet } from "ethers";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { parseConsortium, type Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { followChain } from "../chain/follow.ts";
import { connectChain } from "../chain/rpc.ts";
import type { OracleEvent } from "./events.ts";
import { readDetector, readKey } from "./files.ts";
import { holdDirectory } from "./hold-directory.ts";
import type { Judge } from "./judge.ts";
import { runOracle, type Oracle } from "./run.ts";
import { createTransmitter } from "./transmit.ts";
import { walkIn } from "./walk-in.ts";

export interface OraclePlan {
  /** The server's front door. */
  readonly url: string;
  /** key@1 of secp256k1, 0600. */
  readonly keyFile: string;
  /** The oracle's own directory: its state file. */
  readonly directory: string;
  /** A model@1's directory, or a PCA's file. */
  readonly modelFile: string;
  readonly modelHash: Hex;
  /** consortium.json that the operator trusts; without it the server's word is taken. */
  readonly trustFile?: string;
  /** JSON-RPC of a node that the operator trusts; without it the one that the consortium names. */
  readonly rpc?: string;
  readonly judge: Judge;
  readonly report: (event: OracleEvent) => void;
}

/** How often an absent server or node is asked again, ms. */
const RETRY_MS = 500;

/**
 * Brings an oracle up from its files; waits for a server and a node that are not up yet, until `signal` aborts. Throws
 * DATA_LOCKED, KEY_FILE_*, DETECTOR_UNEXPECTED, CHAIN_DIFFERS, or FINDING_ORACLE_UNKNOWN when its key is no current oracle's.
 */
export async function startOracle(plan: OraclePlan, signal: AbortSignal): Promise<Oracle> {
  const key = readKey(plan.keyFile, process.env.NODE_ENV === "production");
  const detector = await readDetector(plan.modelFile, plan.modelHash);
  const held = await holdDirectory(plan.directory);
  const consortium = await untilThere(() => readConsortium(plan), plan.report, signal);
  const rpc = plan.rpc ?? consortium.rpc;
  if (rpc === undefined) throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "No JSON-RPC URL: give --rpc." });
  const provider = await untilThere(() => connectChain(rpc, consortium), plan.report, signal);
  const waiting = (error: unknown): void => plan.report({ event: "waiting", why: String(error) });
  const chain = await untilThere(() => followChain({ provider, consortium, onTrouble: waiting }), plan.report, signal);
  const wallet = new Wallet(toHex(key));
  const address = wallet.address.toLowerCase() as Hex;
  if (!chain.view().isOracle(address)) throw new TwinwardError("FINDING_ORACLE_UNKNOWN", { oracle: address });
  const oracle = runOracle({
    chain,
    door: walkIn(plan.url, wallet),
    transmitter: createTransmitter(provider, consortium.contracts.VerdictOracle, key),
    judge: plan.judge,
    detector,
    modelHash: plan.modelHash,
    key,
    stateFile: join(plan.directory, "state.json"),
    now: Date.now,
    random: (size) => randomBytes(size),
    report: plan.report,
  });
  return {
    address,
    async stop() {
      await oracle.stop();
      await chain.close();
      provider.destroy();
      held.release();
    },
  };
}

async function readConsortium(plan: OraclePlan): Promise<Consortium> {
  if (plan.trustFile !== undefined) return parseConsortium(readFileSync(plan.trustFile, "utf8"));
  return connect({ url: plan.url }).consortium();
}

/** Tries until the other side is up; what is wrong rather than absent is thrown. */
async function untilThere<T>(
  open: () => Promise<T>,
  report: (event: OracleEvent) => void,
  signal: AbortSignal,
): Promise<T> {
  for (let told = ""; ;) {
    signal.throwIfAborted();
    try {
      return await open();
    } catch (error) {
      const isAbsent =
        error instanceof TwinwardError && ["SERVER_UNREACHABLE", "CHAIN_UNAVAILABLE"].includes(error.code);
      if (!isAbsent) throw error;
      if (told !== error.message) report({ event: "waiting", why: (told = error.message) });
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
