import { fromHex, toHex, type Hex } from "../../../protocol/bytes.ts";
import type { ConsentRecord } from "../../../protocol/consent-record.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import type { ChainEvent } from "../../chain/event.ts";
import type { Tx } from "../../store/database.ts";
import { recordEvents, type EventLeaf, type EventLeaves, type EventPlan } from "../record-events.ts";
import { consentTopics, factsOf } from "./facts.ts";
import { signedOf, type Sent } from "./signed.ts";

export interface ConsentParts extends Pick<EventPlan, "database" | "committer" | "chain" | "report"> {
  readonly consortium: Pick<Consortium, "chainId" | "contracts">;
  readonly stream: Hex;
  /** The transaction that brought an event; undefined where the node answers and does not have it. */
  readonly transaction: (hash: Hex) => Promise<Sent | undefined>;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
}

/** A node that is behind another gets so many blocks to find a transaction; one that has forgotten it stops nobody's leaf for longer. */
const SENT_WITHIN_BLOCKS = 12;

/** Makes a leaf of everything that the chain says of consents (record-events.ts). */
export function recordConsents(parts: ConsentParts): EventLeaves {
  const { database, chain, consortium, stream, transaction, now, random } = parts;
  const { TwinRegistry, GrantRegistry } = consortium.contracts;

  async function leafOf(event: ChainEvent): Promise<EventLeaf | undefined> {
    const facts = factsOf(consortium.contracts, event, chain.view());
    if (!facts) return undefined;
    const nonce = facts.reader === null ? 0 : await setBefore(database, event);
    const { block, logIndex } = event;
    const sent = await transaction(event.transaction);
    if (!sent && chain.view().head.number < block.number + SENT_WITHIN_BLOCKS)
      throw new TwinwardError("CHAIN_UNAVAILABLE", {
        detail: `The node does not have transaction ${event.transaction}.`,
      });
    const signed = sent && signedOf(consortium, sent, facts, nonce);
    const record: ConsentRecord = {
      ...{ format: "consent@1", stream, at: now(), salt: toHex(random(16)), ...facts },
      ...{ message: signed?.message ?? null, transaction: event.transaction, logIndex },
      block: { number: block.number, hash: block.hash, timestamp: block.timestamp },
    };
    return { record, subject: facts.twin ?? facts.device, ...(signed && { signature: signed.signature }) };
  }

  const contracts = [TwinRegistry, GrantRegistry];
  return recordEvents({ ...parts, kind: LEAF_KINDS.consent, contracts, topics: consentTopics(), leafOf });
}

/** How often the consent of a ConsentSet was set before it: its first three topics name the event, the twin and the reader. */
async function setBefore(tx: Tx, { block, logIndex, address, topics }: ChainEvent): Promise<number> {
  const named = fromHex(`0x${topics.map((topic) => topic.slice(2)).join("")}`);
  const [row] = await tx.query<{ n: number }>(
    `select count(*) as n from chain_event where address = $1 and topics = $2 and (block < $3 or (block = $3 and log_index < $4))`,
    [fromHex(address, 20), named, block.number, logIndex],
  );
  if (!row) throw new TwinwardError("DATA_UNUSABLE", { detail: "Events of the chain cannot be counted." });
  return row.n;
}
