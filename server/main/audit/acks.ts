import { ackMessage, type AckPromise } from "../../../protocol/ack.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { verifyEs256 } from "../../../protocol/es256.ts";
import type { Lies } from "./lies.ts";
import { auditRoot } from "./root.ts";
import type { WalkedStream } from "./stream.ts";
import type { AuditWorld } from "./world.ts";

const PAGE = 2_000;

interface AckRow {
  first: number;
  count: number;
  root: Uint8Array;
  accepted_at: number;
  anchor_by: number;
  signature: Uint8Array;
}

/** Every leaf is promised once, by the gateway's signature over the root that these very leaves have. */
export async function auditAcks(world: AuditWorld, { leaves }: WalkedStream, lies: Lies): Promise<void> {
  let next = 0;
  for (let last = Number.MIN_SAFE_INTEGER; ;) {
    const rows = await world.tx.query<AckRow>(
      "select first, count, root, accepted_at, anchor_by, signature from ack where first > $1 order by first limit $2",
      [last, PAGE],
    );
    for (const row of rows) {
      const place = `ack of ${row.first}…${row.first + row.count - 1}`;
      lies.hold(row.first === next, place, `leaves ${next}…${row.first - 1} were never promised, or twice`);
      next = row.first + row.count;
      auditRoot(leaves, row, place, lies);
      const signed = await lies.attempt(place, () =>
        verifyEs256(world.gatewayKey, ackMessage(promiseOf(world, row)), row.signature),
      );
      lies.hold(signed === true, place, "the gateway's signature does not verify");
    }
    lies.count("acks", rows.length);
    last = rows.at(-1)?.first ?? last;
    if (rows.length < PAGE) break;
  }
  lies.hold(next === leaves.length, "ack", `leaves from ${next} on were stored and never promised`);
}

const promiseOf = ({ chainId, contracts, stream }: AuditWorld, row: AckRow): AckPromise => ({
  chainId,
  anchorLog: contracts.AnchorLog,
  stream,
  first: row.first,
  count: row.count,
  root: toHex(row.root),
  acceptedAt: row.accepted_at,
  anchorBy: row.anchor_by,
});
