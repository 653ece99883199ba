import { Interface, Transaction, keccak256 } from "ethers";
import { anchorLogAbi } from "../../../protocol/abi/AnchorLog.ts";
import { concat, fromHex, toHex } from "../../../protocol/bytes.ts";
import type { ChainEvent } from "../../chain/event.ts";
import { interfaces } from "../../chain/interfaces.ts";
import type { Lies } from "./lies.ts";
import type { AuditWorld } from "./world.ts";

interface EventRow {
  block: number;
  log_index: number;
  address: Uint8Array;
  topics: Uint8Array;
  data: Uint8Array;
  transaction: Uint8Array;
}

/** The stored copy of the chain's events is the chain's, row for row, up to the newest block that was stored. */
export async function auditEvents(world: AuditWorld, lies: Lies): Promise<void> {
  const blocks = await world.tx.query<{ number: number; hash: Uint8Array; timestamp: number }>(
    "select number, hash, timestamp from chain_block order by number",
  );
  for (const row of blocks) {
    const place = `chain_block ${row.number}`;
    const block = row.number < 0 ? undefined : await world.block(row.number);
    if (!lies.hold(block !== undefined, place, "the chain has no such block") || !block) continue;
    lies.hold(
      block.hash === toHex(row.hash) && block.timestamp === row.timestamp,
      place,
      "the chain's block has another hash or time",
    );
  }
  lies.count("blocks", blocks.length);

  const cursor = blocks.at(-1)?.number ?? -1;
  const stored = await world.tx.query<EventRow>(
    "select block, log_index, address, topics, data, transaction from chain_event order by block, log_index",
  );
  const rows = new Map(stored.map((row) => [`${row.block}/${row.log_index}`, row]));
  for (const event of world.events) {
    if (event.block.number > cursor) continue;
    const name = `${event.block.number}/${event.logIndex}`;
    const row = rows.get(name);
    rows.delete(name);
    lies.hold(row !== undefined, `chain_event ${name}`, "the chain has this event, the database has not");
    if (row) lies.hold(equalEvents(row, event), `chain_event ${name}`, "it is not what the chain holds");
  }
  for (const name of rows.keys()) lies.tell(`chain_event ${name}`, "the chain has no such event");
  lies.count("chain events", stored.length);
}

function equalEvents(row: EventRow, event: ChainEvent): boolean {
  return (
    toHex(row.address) === event.address &&
    toHex(row.topics) === toHex(concat(...event.topics.map((topic) => fromHex(topic)))) &&
    toHex(row.data) === event.data &&
    toHex(row.transaction) === event.transaction
  );
}

interface OutboxRow {
  hash: Uint8Array;
  sender: Uint8Array;
  nonce: number;
  raw: Uint8Array;
  purpose: string;
}

/** Every transaction of ours is what its row says, by its own signature. */
export async function auditOutbox(world: AuditWorld, lies: Lies): Promise<void> {
  const rows = await world.tx.query<OutboxRow>("select hash, sender, nonce, raw, purpose from outbox order by nonce");
  const log = new Interface(anchorLogAbi);
  for (const row of rows) {
    const place = `outbox ${toHex(row.hash)}`;
    lies.hold(keccak256(row.raw) === toHex(row.hash), place, "its hash is not that of its bytes");
    const said = await lies.attempt(place, () => readLetter(row.raw, log, world));
    if (!said) continue;
    const same = said.sender === toHex(row.sender) && said.nonce === row.nonce;
    lies.hold(same, place, "its sender or nonce is not the signed one");
    lies.hold(row.purpose === said.purpose, place, `its purpose is '${row.purpose}', its bytes say '${said.purpose}'`);
  }
  lies.count("outbox", rows.length);
}

/** What the signed bytes say by themselves. Throws where they are no transaction that anybody signed. */
function readLetter(
  raw: Uint8Array,
  log: Interface,
  world: AuditWorld,
): { sender?: string; nonce: number; purpose: string } {
  const signed = Transaction.from(toHex(raw));
  const sender = signed.from?.toLowerCase();
  return { ...(sender === undefined ? {} : { sender }), nonce: signed.nonce, purpose: purposeOf(signed, log, world) };
}

/** What was signed by somebody else and is sent for them: the format that they signed. */
const RELAYED: Readonly<Record<string, string>> = {
  relayGrant: "grant@1",
  relayDelegation: "grant@1",
  relayRevocation: "revocation@1",
  relayConsent: "consent@1",
};

/** What a transaction of ours is for, read from its bytes, in the words of those who sent it. */
function purposeOf(signed: Transaction, log: Interface, { contracts }: AuditWorld): string {
  const call = signed.to?.toLowerCase() === contracts.AnchorLog ? log.parseTransaction(signed) : null;
  if (call?.name === "anchor") return `anchor ${(call.args.getValue("number") as bigint).toString()}`;
  if (call?.name === "openStream") return "open stream";
  if (call?.name === "openSuccessor") return "open successor";
  const relayed =
    signed.to?.toLowerCase() === contracts.GrantRegistry ? interfaces.GrantRegistry.parseTransaction(signed) : null;
  const act = relayed && RELAYED[relayed.name];
  if (act) return act;
  return signed.to === signed.from && signed.data === "0x" ? "fill" : "unknown";
}
