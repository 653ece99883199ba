import { anchorLeaf } from "./anchor.ts";
import { verifyAckLeaf, verifyAckSignature, type AckProof } from "./ack.ts";
import type { Anchor, AnchorSource } from "./anchors.ts";
import { equalBytes, fromHex, toHex } from "./bytes.ts";
import { groupOfStream, keyTermsOf, type Consortium } from "./consortium.ts";
import { Checklist, timeText, type Check, type CheckResult } from "./checks.ts";
import { keyOfPromise } from "./gateway-key.ts";
import { leafHash } from "./leaf.ts";
import { parseReceipt, readReceipt, type Receipt } from "./receipt.ts";
import { isRelease } from "./release.ts";
import { verifyInclusion } from "./tree.ts";
import { verifyReading, verifyRecord, verifyRelease } from "./verify-disclosed.ts";
import { observeWorld, verifyChain, verifyCheckpoint, verifyLog, type World } from "./verify-source.ts";

export type { AnchorSource } from "./anchors.ts";
export type { Check, CheckResult } from "./checks.ts";

/** What the verifier brings. What is left out leaves its checks "not checked". */
export interface Trust {
  /** The consortium that the verifier trusts. */
  readonly consortium?: Consortium | undefined;
  /** Where anchors and keys come from: a file under a signed checkpoint, or a node. */
  readonly source?: AnchorSource | undefined;
}

export interface Verification {
  readonly checks: readonly Check[];
  /** "failed" when any check failed, else "not checked" when any was not made, else "passed". */
  readonly outcome: CheckResult;
}

/**
 * Verifies a receipt as a stranger would: everything that decides comes from `trust`, the receipt's own copies are only
 * compared, and no check stops at another's failure. `receipt` is the text or bytes as they were given out; a value
 * that somebody has parsed already is accepted too, but then nobody has held the bytes against their one form.
 *
 * Throws UNUSABLE_RECEIPT, with the place, for what is no receipt@1.
 */
export async function verifyReceipt(receipt: unknown, trust: Trust): Promise<Verification> {
  const read =
    typeof receipt === "string" || receipt instanceof Uint8Array ? parseReceipt(receipt) : readReceipt(receipt);
  const world = await observeWorld(read, trust);
  const list = new Checklist();

  verifyChain(read, world, list);
  verifyCheckpoint(world, list);
  verifyLog(read, world, list);
  verifyLeaf(read, list);
  verifyBatch(read, world, list);
  if ("reading" in read.disclosed) verifyReading(read, read.disclosed.reading, world, list);
  else {
    verifyRecord(read, read.disclosed, world, list);
    if (isRelease(read.disclosed.record)) verifyRelease(read.disclosed.record, read.disclosed.values ?? [], list);
  }
  if (read.ack) verifyPromise(read, read.ack, world, list);

  return { checks: list.checks, outcome: list.outcome() };
}

function verifyLeaf({ leaf, index, path, batch }: Receipt, list: Checklist): void {
  const hash = leafHash(leaf.kind, leaf.subject, leaf.sequence, leaf.content);
  list.check(
    "leaf",
    equalBytes(hash, fromHex(leaf.hash)),
    "the leaf is the hash of its kind, subject, sequence and content",
    `these make the leaf ${toHex(hash)}, the receipt says ${leaf.hash}`,
  );
  const nodes = path.map((node) => fromHex(node));
  list.check(
    "leaf in batch",
    verifyInclusion(hash, index, batch.count, nodes, fromHex(batch.root)),
    `leaf ${index} of ${batch.count}`,
    `the path does not lead from leaf ${index} of ${batch.count} to the batch's root`,
  );
}

/** Older checkpoints do not cover transactions and blocks: then a file is only one more copy that says the same. */
const whose = ({ covered, placesHold }: World): string =>
  covered && placesHold === undefined ? " (the file's word: its checkpoint does not cover it)" : "";

function verifyBatch({ batch, log, anchor }: Receipt, world: World, list: Checklist): void {
  const { anchors, log: tree } = world;
  if (!anchors.known || !tree.known) {
    const why = anchors.known ? (tree.known ? "" : tree.why) : anchors.why;
    for (const name of ["batch anchored", "batch in log", "anchor transaction", "anchor block"] as const) {
      list.unless(world.distrust, name, why);
    }
    return;
  }
  const found: Anchor | undefined = anchors.value[batch.number];
  const same = found?.root === batch.root && found.count === batch.count && found.firstLeaf === batch.firstLeaf;
  list.trusted(world.distrust, "batch anchored", found !== undefined && same, {
    good: `batch ${batch.number} of the stream`,
    bad: found ? `batch ${batch.number} is another one` : `the source knows no batch ${batch.number} of this stream`,
  });

  const { size, path } = log;
  const covered = size <= tree.value.size;
  const nodes = path.map((node) => fromHex(node));
  list.trusted(
    world.distrust,
    "batch in log",
    covered && verifyInclusion(anchorLeaf(batch), batch.number, size, nodes, tree.value.root(size)),
    {
      good: `batch ${batch.number} of the log's first ${size}`,
      bad: covered
        ? `the path does not lead from batch ${batch.number} to the log's root at ${size}`
        : `the log has ${tree.value.size} batches here, the receipt speaks of ${size}: take a newer source`,
    },
  );
  list.trusted(world.distrust, "anchor transaction", found?.transaction === anchor.transaction, {
    good: `${anchor.transaction}${whose(world)}`,
    bad: found ? `it was ${found.transaction}` : "the source knows no such batch",
  });
  const { number, hash, timestamp } = anchor.block;
  const block = found?.block;
  list.trusted(
    world.distrust,
    "anchor block",
    block?.number === number && block.hash === hash && block.timestamp === timestamp,
    {
      good: `block ${number}, ${timeText(timestamp * 1000)}${whose(world)}`,
      bad: block
        ? `it was block ${block.number} (${block.hash}) at ${block.timestamp}`
        : "the source knows no such batch",
    },
  );
}

function verifyPromise({ leaf, index, batch, anchor }: Receipt, ack: AckProof, world: World, list: Checklist): void {
  const { consortium } = world;
  if (!consortium) {
    list.skip("ack signature", "no consortium was given");
  } else {
    const group = groupOfStream(consortium, batch.stream);
    const key = group && keyOfPromise(keyTermsOf(group), ack);
    const here = ack.chainId === consortium.chainId && ack.anchorLog === consortium.contracts.AnchorLog;
    list.check(
      "ack signature",
      here && key !== undefined && ack.stream === batch.stream && verifyAckSignature(ack, key),
      `signed by the gateway ${group?.group ?? ""}`,
      "not signed, for this stream, by a gateway of the consortium",
    );
  }
  list.check(
    "leaf in ack",
    ack.first + ack.index === batch.firstLeaf + index && verifyAckLeaf(ack, fromHex(leaf.hash)),
    "the gateway promised this leaf at this place",
    "the promise is not for this leaf at this place",
  );
  list.check(
    "anchored in time",
    anchor.block.timestamp <= ack.anchorBy,
    "anchored before the promised time",
    `promised by ${ack.anchorBy}, anchored at ${anchor.block.timestamp}`,
  );
}
