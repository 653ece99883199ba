import { ackMessage, type AckPromise } from "../../../protocol/ack.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { verifyEs256 } from "../../../protocol/es256.ts";
import { keyOfPromise } from "../../../protocol/gateway-key.ts";
import { stretchOfLeaf, type Stretch } from "../../../protocol/line.ts";
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

/**
 * Every leaf is promised once in the stream that it belongs to, by the gateway's signature over the root that these very leaves
 * have. The last promise of a stream that ended may have reached further: what it did not keep was promised anew.
 */
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
      const stretch = stretchOfLeaf(world.line, row.first);
      next = Math.min(row.first + row.count, endOf(world, stretch));
      auditRoot(leaves, row, place, lies);
      await auditSignature(world, stretch, row, place, lies);
    }
    lies.count("acks", rows.length);
    last = rows.at(-1)?.first ?? last;
    if (rows.length < PAGE) break;
  }
  lies.hold(next === leaves.length, "ack", `leaves from ${next} on were stored and never promised`);
}

/** Promises that a fenced stream did not keep: signed like any other, about leaves that its log did not reach. */
export async function auditBrokenAcks(world: AuditWorld, { leaves }: WalkedStream, lies: Lies): Promise<void> {
  const rows = await world.tx.query<AckRow & { readonly stream: Uint8Array }>(
    "select stream, first, count, root, accepted_at, anchor_by, signature from broken_ack order by first, stream",
  );
  const reached = new Map<Stretch, number>();
  for (const row of rows) {
    const place = `broken ack of ${row.first}…${row.first + row.count - 1}`;
    const stretch = world.line.stretches.find(({ stream }) => stream === toHex(row.stream));
    if (!lies.hold(stretch !== undefined, place, "its stream is none of this database's") || !stretch) continue;
    lies.hold(row.first >= endOf(world, stretch), place, "its stream's log reached it");
    const before = reached.get(stretch);
    lies.hold(before === undefined || before === row.first, place, `the one before it ended at ${before ?? 0}`);
    reached.set(stretch, row.first + row.count);
    auditRoot(leaves, row, place, lies);
    await auditSignature(world, stretch, row, place, lies);
  }
  lies.count("broken acks", rows.length);
}

async function auditSignature(
  world: AuditWorld,
  stretch: Stretch,
  row: AckRow,
  place: string,
  lies: Lies,
): Promise<void> {
  const signed = await lies.attempt(place, () => {
    const promise = promiseOf(world, stretch, row);
    const key = keyOfPromise(world.gatewayKeys, promise);
    return key !== undefined && verifyEs256(key, ackMessage(promise), row.signature);
  });
  lies.hold(signed === true, place, "the signature is not one of the gateway's key of that time");
}

/** The leaf after the last one that a stream of the line has anchored; none where it still takes some. */
function endOf({ line: { stretches } }: AuditWorld, stretch: Stretch): number {
  const next = stretches[stretches.indexOf(stretch) + 1];
  return next === undefined ? Infinity : next.firstLeaf + 1;
}

const promiseOf = ({ chainId, contracts }: AuditWorld, { stream, firstLeaf }: Stretch, row: AckRow): AckPromise => ({
  chainId,
  anchorLog: contracts.AnchorLog,
  stream,
  first: row.first - firstLeaf,
  count: row.count,
  root: toHex(row.root),
  acceptedAt: row.accepted_at,
  anchorBy: row.anchor_by,
});
