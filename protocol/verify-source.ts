import { logTree, placesRoot, type Anchor, type AnchoredStream, type AnchorSource, type Covered } from "./anchors.ts";
import { equalBytes, fromHex, toHex, type Hex } from "./bytes.ts";
import { checkpointSigners, signersLacking, type Checkpoint } from "./checkpoint.ts";
import {
  groupOfStream,
  memberQuorum,
  presentMembers,
  streamsOf,
  type Consortium,
  type Contracts,
} from "./consortium.ts";
import { TwinwardError } from "./errors.ts";
import type { Checklist } from "./checks.ts";
import { succeeds } from "./line.ts";
import { keysRoot, type KeyHistory } from "./key-history.ts";
import type { Receipt } from "./receipt.ts";
import type { Tree } from "./tree.ts";
import type { Trust } from "./verify.ts";
import { CONTRACTS } from "./words.ts";

/** An answer of the source, or why there is none. */
export type Answer<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

/** Everything that the verifier learns from what it trusts, before it looks at what the receipt claims. */
export interface World {
  readonly consortium: Consortium | undefined;
  readonly chain: Answer<{ readonly chainId: number; readonly genesis: Hex; readonly contracts?: Contracts }>;
  readonly anchors: Answer<readonly Anchor[]>;
  /** The log recomputed from the anchors, as far as the source's frontier or checkpoint covers it. */
  readonly log: Answer<Tree>;
  readonly history: Answer<KeyHistory | undefined>;
  readonly block: Answer<{ readonly number: number }>;
  /** What the source's own state is held against: only one of them is there. */
  readonly frontier: Answer<{ readonly size: number; readonly root: Hex } | undefined>;
  readonly covered: Answer<Covered> | undefined;
  readonly signers: readonly string[];
  readonly keysHold: boolean;
  /** Whether transactions and blocks are those of the checkpoint; undefined where it says nothing of them. */
  readonly placesHold: boolean | undefined;
  /** Whether the batch's stream succeeds the one that a record was written for; undefined where they are one. */
  readonly succession: Answer<boolean> | undefined;
  /** Why nothing that the source says counts; undefined when there is no reason. */
  readonly distrust: string | undefined;
}

// Recomputing a log or a checkpoint costs much more than a receipt: each is done once per array or object handed out.
const trees = new WeakMap<readonly Anchor[], { stream: Hex; size: number; tree: Answer<Tree> }>();
const keyRoots = new WeakMap<readonly KeyHistory[], Uint8Array>();
const placeRoots = new WeakMap<readonly AnchoredStream[], Uint8Array>();
const signerNames = new WeakMap<Checkpoint, { consortium: Consortium; names: readonly string[] }>();

export async function observeWorld(receipt: Receipt, { consortium, source }: Trust): Promise<World> {
  const { stream } = receipt.batch;
  const ask = <T>(question: (from: AnchorSource) => Promise<T> | undefined, lacking = ""): Promise<Answer<T>> =>
    answerOf(source, question, lacking);
  const written = "record" in receipt.disclosed ? receipt.disclosed.record.stream : stream;
  const [chain, anchors, history, block, covered, present, succession] = await Promise.all([
    ask((from) => from.chain()),
    ask((from) => from.anchors(stream)),
    ask(async (from) => (receipt.key ? from.device(receipt.key.device) : undefined)),
    ask((from) => from.block?.(), "the source names no block"),
    source?.checkpoint ? ask((from) => from.checkpoint?.()) : undefined,
    ask((from) => from.frontier?.(stream), "the source does not tell the state of the log"),
    written === stream ? undefined : ask(async (from) => isSuccession(from, consortium, written, stream)),
  ]);
  const frontier = covered ? stateUnder(covered, stream) : present;
  const log = anchors.known ? recompute(stream, anchors.value) : anchors;
  const signers = covered?.known && consortium ? signersOf(covered.value.checkpoint, consortium) : [];
  const keysHold = covered?.known
    ? equalBytes(keysRootOf(covered.value.devices), fromHex(covered.value.checkpoint.keysRoot))
    : true;
  const placesHold = covered?.known ? placesUnder(covered.value) : undefined;
  const sourced = { chain, anchors, log, history, block, frontier, covered, succession };
  const told = { consortium, ...sourced, signers, keysHold, placesHold };
  return { ...told, distrust: distrustOf(told) };
}

/** Whether `last` goes on where `first` ended, itself or by streams between them: each begins with the end of the one before. */
async function isSuccession(
  source: AnchorSource,
  consortium: Consortium | undefined,
  first: Hex,
  last: Hex,
): Promise<boolean> {
  const group = consortium && groupOfStream(consortium, last);
  if (!consortium || !group || groupOfStream(consortium, first) !== group) return false;
  const ids = streamsOf(consortium, group);
  const between = ids.slice(ids.indexOf(first), ids.indexOf(last) + 1);
  const logs = await Promise.all(between.map(async (stream) => ({ stream, anchors: await source.anchors(stream) })));
  let reached = logs[0];
  for (const next of logs.slice(1)) {
    if (reached && succeeds(next.anchors, reached.stream, reached.anchors)) reached = next;
  }
  return reached?.stream === last;
}

async function answerOf<T>(
  source: AnchorSource | undefined,
  question: (from: AnchorSource) => Promise<T> | undefined,
  lacking: string,
): Promise<Answer<T>> {
  if (!source) return { known: false, why: "no source of anchors was given" };
  try {
    const asked = question(source);
    return asked ? { known: true, value: await asked } : { known: false, why: lacking };
  } catch (error) {
    // A source that gives no answer proves nothing either way. What is not its error is ours.
    if (!(error instanceof TwinwardError)) throw error;
    const { detail } = error.facts;
    return { known: false, why: typeof detail === "string" ? detail : error.message };
  }
}

function stateUnder(covered: NonNullable<World["covered"]>, stream: Hex): World["frontier"] {
  if (!covered.known) return covered;
  return { known: true, value: covered.value.checkpoint.streams.find((state) => state.stream === stream) };
}

function recompute(stream: Hex, anchors: readonly Anchor[]): Answer<Tree> {
  const done = trees.get(anchors);
  if (done?.stream === stream && done.size === anchors.length) return done.tree;
  let tree: Answer<Tree>;
  try {
    tree = { known: true, value: logTree(stream, anchors) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tree = { known: false, why: `the source's log has a hole: ${error.message}` };
  }
  trees.set(anchors, { stream, size: anchors.length, tree });
  return tree;
}

function keysRootOf(devices: readonly KeyHistory[]): Uint8Array {
  let root = keyRoots.get(devices);
  if (!root) keyRoots.set(devices, (root = keysRoot(devices)));
  return root;
}

function placesUnder({ checkpoint, streams }: Covered): boolean | undefined {
  if (checkpoint.placesRoot === undefined || streams === undefined) return undefined;
  let root = placeRoots.get(streams);
  if (!root) placeRoots.set(streams, (root = placesRoot(streams)));
  return equalBytes(root, fromHex(checkpoint.placesRoot));
}

function signersOf(checkpoint: Checkpoint, consortium: Consortium): readonly string[] {
  const done = signerNames.get(checkpoint);
  if (done?.consortium === consortium) return done.names;
  const names = checkpointSigners(checkpoint, consortium);
  signerNames.set(checkpoint, { consortium, names });
  return names;
}

/** Why the source is not one of the trusted chain, or not consistent in itself. */
function distrustOf(world: Omit<World, "distrust">): string | undefined {
  const { consortium, chain, covered, log } = world;
  if (consortium && chain.known) {
    const { chainId, genesis, contracts } = chain.value;
    if (chainId !== consortium.chainId || genesis !== consortium.genesis) return "the source tells of another chain";
    if (contracts && !sameContracts(contracts, consortium.contracts)) return "the source tells of other contracts";
  }
  if (covered?.known) {
    const { checkpoint } = covered.value;
    if (consortium && signersLacking(world.signers, consortium) > 0) {
      return `the source's checkpoint is not signed by a quorum: ${quorumText(world.signers, consortium)}`;
    }
    if (consortium && !ofConsortium(checkpoint, consortium)) return "the source's checkpoint is of another chain";
    if (world.placesHold === false) return "the source's transactions and blocks are not those of its checkpoint";
    if (!world.keysHold) return "the source's keys are not those of its checkpoint";
  }
  if (world.anchors.known && !log.known) return log.why;
  return logHolds(world) === false ? "the source's anchors are not those of its log" : undefined;
}

/** Whether the recomputed log is the one that the chain, or the checkpoint, has; undefined when that is not known. */
function logHolds({ log, frontier, covered }: Omit<World, "distrust">): boolean | undefined {
  if (!log.known || !frontier.known) return undefined;
  const { value: tree } = log;
  // An empty log is in no checkpoint and may be unknown to the chain.
  const { size, root } = frontier.value ?? { size: 0, root: toHex(tree.root(0)) };
  // Anchors beyond a checkpoint are nobody's word; those that were mined since the frontier was read are only newer.
  if (covered ? size !== tree.size : size > tree.size) return false;
  return toHex(tree.root(size)) === root;
}

function sameContracts(a: Contracts, b: Contracts): boolean {
  return CONTRACTS.every((name) => a[name] === b[name]);
}

function ofConsortium(checkpoint: Checkpoint, { chainId, genesis, contracts }: Consortium): boolean {
  return (
    checkpoint.chainId === chainId && checkpoint.genesis === genesis && sameContracts(checkpoint.contracts, contracts)
  );
}

/** Chain id, genesis and contracts: receipt, consortium and source must name the same. */
export function verifyChain({ chain: claimed }: Receipt, world: World, list: Checklist): void {
  const { consortium, chain } = world;
  const compare = (
    name: "chain id" | "genesis",
    of: (one: { chainId: number; genesis: Hex }) => number | Hex,
  ): void => {
    const said = of(claimed);
    const trusted = consortium && of(consortium);
    const told = chain.known ? of(chain.value) : undefined;
    if (trusted !== undefined && said !== trusted) {
      list.check(name, false, "", `the consortium has ${trusted}, the receipt says ${said}`);
    } else if (told !== undefined && told !== (trusted ?? said)) {
      list.check(
        name,
        false,
        "",
        `the source has ${told}, ${trusted === undefined ? "the receipt says" : "the consortium has"} ${trusted ?? said}`,
      );
    } else if (trusted === undefined) list.skip(name, "no consortium was given");
    else if (!chain.known) list.skip(name, chain.why);
    else list.check(name, true, `${said}`, "");
  };
  compare("chain id", ({ chainId }) => chainId);
  compare("genesis", ({ genesis }) => genesis);

  const trusted = consortium?.contracts;
  const told = chain.known ? chain.value.contracts : undefined;
  const differing = CONTRACTS.filter(
    (name) =>
      claimed.contracts[name] !== (trusted ?? told ?? claimed.contracts)[name] ||
      (told && trusted && told[name] !== trusted[name]),
  );
  if (differing.length > 0) {
    list.check("contracts", false, "", `not the consortium's: ${differing.join(", ")}`);
  } else if (!trusted) list.skip("contracts", "no consortium was given");
  else list.check("contracts", true, "all six are the consortium's", "");
}

/** The signatures and key histories of a file's checkpoint. A node has none: its frontier is asked instead. */
export function verifyCheckpoint({ covered, consortium, signers, keysHold }: World, list: Checklist): void {
  if (!covered) return;
  if (!covered.known) {
    list.skip("checkpoint signature", covered.why);
    list.skip("checkpoint keys", covered.why);
    return;
  }
  const { checkpoint } = covered.value;
  if (!consortium) list.skip("checkpoint signature", "no consortium was given");
  else {
    const ours = ofConsortium(checkpoint, consortium);
    list.check(
      "checkpoint signature",
      ours && signersLacking(signers, consortium) === 0,
      `signed by ${signers.join(", ")} at block ${checkpoint.block.number}: ${quorumText(signers, consortium)}`,
      ours
        ? `not signed by a quorum: ${quorumText(signers, consortium)}`
        : "the checkpoint is of another chain or other contracts",
    );
  }
  list.check(
    "checkpoint keys",
    keysHold,
    "the key histories are those that were signed",
    "the key histories are not those that were signed",
  );
}

function quorumText(signers: readonly string[], consortium: Consortium): string {
  const present = presentMembers(consortium).length;
  return `${signers.length} of ${present} members, ${memberQuorum(present)} are needed`;
}

/** Whose stream it is, and whether the source's anchors make the log that the chain has. */
export function verifyLog({ batch }: Receipt, world: World, list: Checklist): void {
  const { consortium, frontier, log } = world;
  if (!consortium) list.skip("gateway of the stream", "no consortium was given");
  else {
    const group = groupOfStream(consortium, batch.stream);
    const bad = "no gateway of the consortium has this stream";
    list.check("gateway of the stream", group !== undefined, `the stream of ${group?.group ?? ""}`, bad);
  }
  const holds = logHolds(world);
  if (holds !== undefined) {
    const size = frontier.known ? (frontier.value?.size ?? 0) : 0;
    list.trusted(world.distrust, "log root", holds, {
      good: `recomputed from ${size} anchors`,
      bad: "the source's anchors do not make the log's root",
    });
  } else {
    const why = log.known ? (frontier.known ? "" : frontier.why) : log.why;
    list.unless(world.distrust, "log root", why);
  }
}
