import { toHex, type Hex } from "../../../protocol/bytes.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import type { StepRecord } from "../../../protocol/step-record.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import type { ChainEvent } from "../../chain/event.ts";
import { recordEvents, type EventLeaf, type EventLeaves, type EventPlan } from "../record-events.ts";
import { stepOf, stepTopics } from "./facts.ts";

export interface StepParts extends Pick<EventPlan, "database" | "committer" | "chain" | "report"> {
  readonly consortium: Pick<Consortium, "chainId" | "contracts">;
  readonly stream: Hex;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
}

/** Makes a leaf of every step of every case that somebody opened by breaking the glass (record-events.ts). */
export function recordSteps(parts: StepParts): EventLeaves {
  const { chain, consortium, stream, now, random } = parts;
  const { BreakGlass } = consortium.contracts;

  async function leafOf(event: ChainEvent): Promise<EventLeaf | undefined> {
    const facts = stepOf(consortium, event, chain.view());
    if (!facts) return undefined;
    const { block, logIndex, transaction } = event;
    const record: StepRecord = {
      ...{ format: "step@1", stream, at: now(), salt: toHex(random(16)), ...facts, transaction, logIndex },
      block: { number: block.number, hash: block.hash, timestamp: block.timestamp },
    };
    return { record, subject: facts.case };
  }

  const contracts = BreakGlass ? [BreakGlass] : [];
  return recordEvents({ ...parts, kind: LEAF_KINDS.step, contracts, topics: stepTopics(), leafOf });
}
