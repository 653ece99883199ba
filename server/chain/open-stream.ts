import type { JsonRpcApiProvider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
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

const PURPOSE = "open stream";

/**
 * The group's first stream, opened when there is none yet. Safe to run again after a kill at any point: a transaction that is
 * on its way is waited for, not sent twice. Throws SENDER_UNEXPECTED when the outbox's sender may not open it.
 */
export async function openStream({ provider, outbox, chainId, anchorLog, group }: StreamPlan): Promise<Hex> {
  const abi = interfaces.AnchorLog;
  const ask = async (): Promise<bigint> => {
    const answer = await provider.call({ to: anchorLog, data: abi.encodeFunctionData("streamCount", [group]) });
    return abi.decodeFunctionResult("streamCount", answer)[0] as bigint;
  };
  const stream = streamId(chainId, anchorLog, group, 0);
  const sent = (await outbox.waiting()).find((letter) => letter.purpose === PURPOSE);
  if (sent !== undefined) await outbox.settle(sent.hash);
  if ((await ask()) > 0n) return stream;
  const data = abi.encodeFunctionData("openStream", [group]) as Hex;
  try {
    await outbox.settle(await outbox.send({ purpose: PURPOSE, to: anchorLog, data }));
  } catch (error) {
    const isSenders = error instanceof TwinwardError && String(error.facts.detail).startsWith("SenderNotOfGroup");
    throw isSenders ? new TwinwardError("SENDER_UNEXPECTED", { group, sender: outbox.sender }, error) : error;
  }
  return stream;
}
