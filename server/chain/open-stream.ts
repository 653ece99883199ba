import type { JsonRpcApiProvider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { ZERO_32 } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { streamId } from "../../protocol/ids.ts";
import { interfaces } from "./interfaces.ts";
import type { Outbox } from "./outbox.ts";

export interface StreamPlan {
  readonly provider: JsonRpcApiProvider;
  readonly outbox: Outbox;
  readonly chainId: number;
  readonly anchorLog: Hex;
  /** Address that the stream is named after. */
  readonly group: Hex;
}

const OPENING = "open stream";
const SUCCEEDING = "open successor";

/**
 * The group's first stream, opened when there is none yet. Safe to run again after a kill at any point: a transaction that is
 * on its way is waited for, not sent twice. Throws SENDER_UNEXPECTED when the outbox's sender may not open it.
 */
export async function openStream(plan: StreamPlan): Promise<Hex> {
  const { chainId, anchorLog, group } = plan;
  await once(plan, OPENING, "openStream", group, async () => {
    const [count] = await ask(plan, "streamCount", group);
    return (count as bigint) > 0n;
  });
  return streamId(chainId, anchorLog, group, 0);
}

/**
 * The successor of a fenced stream, opened when it has none yet. Safe to run again, as above. Throws SENDER_UNEXPECTED,
 * TRANSACTION_REVERTED where the stream is not fenced.
 */
export async function openSuccessor(plan: StreamPlan, stream: Hex): Promise<Hex> {
  const successor = async (): Promise<Hex> => String((await ask(plan, "standing", stream))[3]).toLowerCase() as Hex;
  await once(plan, SUCCEEDING, "openSuccessor", stream, async () => (await successor()) !== ZERO_32);
  return successor();
}

async function ask({ provider, anchorLog }: StreamPlan, view: string, argument: Hex): Promise<readonly unknown[]> {
  const abi = interfaces.AnchorLog;
  const answer = await provider.call({ to: anchorLog, data: abi.encodeFunctionData(view, [argument]) });
  return abi.decodeFunctionResult(view, answer);
}

async function once(
  { outbox, anchorLog, group }: StreamPlan,
  purpose: string,
  method: string,
  argument: Hex,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const sent = (await outbox.waiting()).find((letter) => letter.purpose === purpose);
  if (sent !== undefined) await outbox.settle(sent.hash);
  if (await isDone()) return;
  const data = interfaces.AnchorLog.encodeFunctionData(method, [argument]) as Hex;
  try {
    await outbox.settle(await outbox.send({ purpose, to: anchorLog, data }));
  } catch (error) {
    const isSenders = error instanceof TwinwardError && String(error.facts.detail).startsWith("SenderNotOfGroup");
    throw isSenders ? new TwinwardError("SENDER_UNEXPECTED", { group, sender: outbox.sender }, error) : error;
  }
}
