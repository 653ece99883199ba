import { anchorLeaf } from "./anchor.ts";
import { verifyAckLeaf, verifyAckSignature, type AckProof } from "./ack.ts";
import type { Anchor, AnchorSource } from "./anchors.ts";
import { equalBytes, fromHex, toHex } from "./bytes.ts";
import { groupOfStream, type Consortium } from "./consortium.ts";
import { Findings, timeText, type Check, type CheckResult } from "./findings.ts";
import { leafHash } from "./leaf.ts";
import { parseReceipt, readReceipt, type Receipt } from "./receipt.ts";
import { verifyInclusion } from "./tree.ts";
import { verifyReading, verifyRecord } from "./verify-disclosed.ts";
import { observeWorld, verifyChain, verifyCheckpoint, verifyLog, type World } from "./verify-source.ts";

export type { AnchorSource } from "./anchors.ts";
export type { Check, CheckResult } from "./findings.ts";

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
 * compared, and no check stops at another's failure. `receipt` is the text as it was given out; a value that somebody
 * has parsed already is accepted too, but then nobody has held the bytes against their one form.
 *
 * Throws UNUSABLE_RECEIPT, with the place, for what is no receipt@1.
 */
export async function verifyReceipt(receipt: unknown, trust: Trust): Promise<Verification> {
  const read = typeof receipt === "string" ? parseReceipt(receipt) : readReceipt(receipt);
  const world = await observeWorld(read, trust);
  const findings = new Findings();

  verifyChain(read, world, findings);
  verifyCheckpoint(world, findings);
  verifyLog(read, world, findings);
  verifyLeaf(read, findings);
  verifyBatch(read, world, findings);
  if ("reading" in read.disclosed) verifyReading(read, read.disclosed.reading, world, findings);
  else verifyRecord(read, read.disclosed.record, findings);
  if (read.ack) verifyPromise(read, read.ack, world, findings);

  return { checks: findings.checks, outcome: findings.outcome() };
}

function verifyLeaf({ leaf, index, path, batch }: Receipt, findings: Findings): void {
  const hash = leafHash(leaf.kind, leaf.subject, leaf.sequence, leaf.content);
  findings.check(
    "leaf",
    equalBytes(hash, fromHex(leaf.hash)),
    "the leaf is the hash of its kind, subject, sequence and content",
    `these make the leaf ${toHex(hash)}, the receipt says ${leaf.hash}`,
  );
  const nodes = path.map((node) => fromHex(node));
  findings.check(
    "leaf in batch",
    verifyInclusion(hash, index, batch.count, nodes, fromHex(batch.root)),
    `leaf ${index} of ${batch.count}`,
    `the path does not lead from leaf ${index} of ${batch.count} to the batch's root`,
  );
}

function verifyBatch({ batch, log, anchor }: Receipt, world: World, findings: Findings): void {
  const { anchors, log: tree } = world;
  if (!anchors.known || !tree.known) {
    const why = anchors.known ? (tree.known ? "" : tree.why) : anchors.why;
    for (const name of ["batch anchored", "batch in log", "anchor transaction", "anchor block"] as const) {
      findings.unless(world.distrust, name, why);
    }
    return;
  }
  const found: Anchor | undefined = anchors.value[batch.number];
  const same = found?.root === batch.root && found.count === batch.count && found.firstLeaf === batch.firstLeaf;
  findings.trusted(world.distrust, "batch anchored", found !== undefined && same, {
    good: `batch ${batch.number} of the stream`,
    bad: found ? `batch ${batch.number} is another one` : `the source knows no batch ${batch.number} of this stream`,
  });

  const { size, path } = log;
  const covered = size <= tree.value.size;
  const nodes = path.map((node) => fromHex(node));
  findings.trusted(
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
  findings.trusted(world.distrust, "anchor transaction", found?.transaction === anchor.transaction, {
    good: anchor.transaction,
    bad: found ? `it was ${found.transaction}` : "the source knows no such batch",
  });
  const { number, hash, timestamp } = anchor.block;
  const block = found?.block;
  findings.trusted(
    world.distrust,
    "anchor block",
    block?.number === number && block.hash === hash && block.timestamp === timestamp,
    {
      good: `block ${number}, ${timeText(timestamp * 1000)}`,
      bad: block
        ? `it was block ${block.number} (${block.hash}) at ${block.timestamp}`
        : "the source knows no such batch",
    },
  );
}

function verifyPromise({ leaf, index, batch, anchor }: Receipt, ack: AckProof, world: World, findings: Findings): void {
  const { consortium } = world;
  if (!consortium) {
    findings.skip("ack signature", "no consortium was given");
  } else {
    const group = groupOfStream(consortium, batch.stream);
    const here = ack.chainId === consortium.chainId && ack.anchorLog === consortium.contracts.AnchorLog;
    findings.check(
      "ack signature",
      here && group !== undefined && ack.stream === batch.stream && verifyAckSignature(ack, group),
      `signed by the gateway ${group?.group ?? ""}`,
      "not signed, for this stream, by a gateway of the consortium",
    );
  }
  findings.check(
    "leaf in ack",
    ack.first + ack.index === batch.firstLeaf + index && verifyAckLeaf(ack, fromHex(leaf.hash)),
    "the gateway promised this leaf at this place",
    "the promise is not for this leaf at this place",
  );
  findings.check(
    "anchored in time",
    anchor.block.timestamp <= ack.anchorBy,
    "anchored before the promised time",
    `promised by ${ack.anchorBy}, anchored at ${anchor.block.timestamp}`,
  );
}
