import { FetchRequest, Interface, JsonRpcProvider } from "ethers";
import { breakGlassAbi } from "../../../protocol/abi/BreakGlass.ts";
import { codeOfRefusal, TwinwardError, type Consortium, type Hex } from "../../../protocol/index.ts";
import { isRecord } from "../is-record.ts";
import type { ReaderSession } from "../session/start-session.ts";

/** A call of the contract BreakGlass, which its sender makes as a transaction of their own. */
export interface Call {
  readonly method: "open" | "end" | "review";
  readonly args: readonly unknown[];
}

const breakGlass = new Interface(breakGlassAbi);
const MINED_WITHIN_MS = 60_000;

/** Where a call goes, what it says member by member, and the bytes that a wallet shows. */
export function callMembers({ method, args }: Call, { chainId, contracts }: Consortium): [string, string][] {
  const inputs = breakGlass.getFunction(method)?.inputs ?? [];
  const said = inputs.flatMap(({ name, components }, i): [string, string][] => {
    const value = args[i];
    if (components === null || !Array.isArray(value)) return [[name, String(value)]];
    return components.map((one, at): [string, string] => [`${name}.${one.name}`, String((value as unknown[])[at])]);
  });
  return [
    ["contract", `BreakGlass, ${contracts.BreakGlass ?? "none"}`],
    ["chain", String(chainId)],
    ["calls", method],
    ...said,
    ["data", breakGlass.encodeFunctionData(method, args)],
  ];
}

/**
 * Has whoever is signed in send a call, and waits until it is mined. It is tried at the node before, so that a refusal costs nothing.
 * Throws what the contract refuses under its own word, BREAK_GLASS_ABSENT, CHAIN_UNAVAILABLE, and as the signer does.
 */
export async function sendCall({ signer, address }: ReaderSession, call: Call, consortium: Consortium): Promise<void> {
  const { chainId, contracts, rpc } = consortium;
  const to = contracts.BreakGlass;
  if (to === undefined) throw new TwinwardError("BREAK_GLASS_ABSENT");
  if (rpc === undefined)
    throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "The consortium names no node to ask." });
  const data = breakGlass.encodeFunctionData(call.method, call.args) as Hex;
  const ask = new FetchRequest(rpc);
  ask.timeout = 15_000;
  const provider = new JsonRpcProvider(ask, chainId, { staticNetwork: true, batchMaxCount: 1 });
  provider.pollingInterval = 250;
  try {
    await provider.call({ from: address, to, data });
    const hash = await signer.sendTransaction({ to, data, chainId }, provider);
    const mined = await provider.waitForTransaction(hash, 1, MINED_WITHIN_MS);
    if (mined?.status !== 1) throw new TwinwardError("TRANSACTION_REVERTED");
  } catch (error) {
    throw inItsWord(error);
  } finally {
    provider.destroy();
  }
}

/** A contract's refusal under the word that it used; a node that is silent, or that this page may not ask. */
function inItsWord(error: unknown): TwinwardError {
  if (error instanceof TwinwardError) return error;
  const data = isRecord(error) && typeof error.data === "string" ? error.data : undefined;
  const refusal = data === undefined ? null : breakGlass.parseError(data);
  if (refusal === null) return new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
  const detail = `The contract refused: ${refusal.name}(${refusal.args.map(String).join(", ")}).`;
  return new TwinwardError(codeOfRefusal(refusal.name) ?? "TRANSACTION_REVERTED", { detail }, error);
}
