import { Option, type Command } from "commander";
import { join } from "node:path";
import { SigningKey, Signature, TypedDataEncoder } from "ethers";
import { toHex, utf8, type Hex } from "../../../protocol/bytes.ts";
import {
  memberQuorum,
  parseConsortium,
  presentMembers,
  type Consortium,
  type ConsortiumMember,
} from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { sha256 } from "../../../protocol/hash.ts";
import { canonical, parseStrict } from "../../../protocol/json.ts";
import { readHead, readSuspension } from "../../sdk/chain-reader.ts";
import { connectRpc } from "../../sdk/json-rpc.ts";
import { withLog } from "../anchor-log.ts";
import { addressOf, readAccountKey } from "../key-file.ts";
import { readText, takeCount, takeId } from "../options.ts";
import { printJson } from "../print.ts";
import { sendActs } from "../send-acts.ts";
import { addChallengeCommand } from "./challenge.ts";

interface Options {
  readonly rpc: string;
  readonly trust: string;
  readonly json?: boolean;
}

/** What becomes of a stream: a broken promise suspends it, members resume or fence it. docs/proofs.md. */
export function addStreamCommands(anchors: Command): void {
  const data = process.env.TWINWARD_DATA ?? ".twinward";
  const chained = (command: Command): Command =>
    command
      .requiredOption("--rpc <url>", "JSON-RPC of a node")
      .option("--trust <file>", "the consortium@1 whose contracts are meant", join(data, "consortium.json"));

  addChallengeCommand(anchors, chained);

  for (const act of ["resume", "fence"] as const) {
    chained(
      anchors
        .command(`${act} <stream>`)
        .description(
          act === "resume"
            ? "let a suspended stream go on, by a quorum of members; what was due by now is forgiven"
            : "end a stream for good, by a quorum of members",
        ),
    )
      .requiredOption("--reason <text>", "why; its SHA-256 goes on the chain, and all members sign the same")
      .option("--key <files...>", "keys of members that are on this machine", [join(data, "keys/member.key")])
      .option("--signed <files...>", "what other members printed with --sign-only", [])
      .option("--sign-only", "print what is signed and the signatures, and send nothing")
      .addOption(
        new Option("--suspension <number>", "the one that was decided on; refused where the node names another")
          .argParser(takeCount)
          .hideHelp(act === "fence"),
      )
      .action(async (stream: string, options: DecideOptions) => decide(act, takeId(stream), options));
  }
}

interface DecideOptions extends Options {
  readonly reason: string;
  readonly key: readonly string[];
  readonly signed: readonly string[];
  readonly signOnly?: boolean;
  readonly suspension?: number;
}

/** A member's signature under a decision, as `--sign-only` prints it. */
interface Signed {
  readonly signer: Hex;
  readonly signature: Hex;
  /** What it is under, for people, and so that a signature under something else is not sent in vain. */
  readonly decision?: Decision;
}

interface Decision {
  readonly act: "resume" | "fence";
  readonly stream: Hex;
  /** Of a resume: the one that it lifts. */
  readonly suspension?: number;
  /** SHA-256 of the reason's text. */
  readonly reason: Hex;
  /** The same in words, with what the stream was convicted of. */
  readonly says: string;
}

async function decide(act: "resume" | "fence", stream: Hex, options: DecideOptions): Promise<void> {
  const consortium = parseConsortium(readText(options.trust));
  const reason = toHex(sha256(utf8(options.reason)));
  const keys = options.key.map(readAccountKey);
  const [sender] = keys;
  if (sender === undefined) throw new TwinwardError("UNUSABLE_INPUT", { detail: "Name a key." });
  await withLog(consortium, options.rpc, sender, async (log, wallet) => {
    const newest = Number(((await log.getFunction("standing").staticCall(stream)) as readonly unknown[])[1]);
    const suspension = options.suspension ?? newest;
    // A signature under a number that only a node named might lift a conviction that nobody has looked at yet.
    if (suspension !== newest)
      throw new TwinwardError("SUSPENSION_UNEXPECTED", {
        detail: `The node says ${newest}, you decided on ${suspension}.`,
      });
    const decision = await describe(consortium, options, { act, stream, suspension, reason });
    const digest = decisionDigest(act, consortium, { stream, suspension, reason });
    const own = keys.map((key): Signed => {
      const signature = new SigningKey(toHex(key)).sign(digest).serialized as Hex;
      return { signer: addressOf(key), signature, decision };
    });
    if (options.signOnly) {
      console.error(decision.says);
      return printJson(own);
    }
    const others = options.signed.flatMap((file) => parseStrict(readText(file)) as Signed[]);
    refuseOthers(others, decision);
    const { bits, signatures } = inOrder(consortium, [...own, ...others]);
    const values = act === "resume" ? [stream, suspension, reason] : [stream, reason];
    const [receipt] = await sendActs(wallet, [{ contract: log, method: act, args: [...values, bits, signatures] }]);
    if (options.json) printJson({ [act]: stream, transaction: receipt?.hash });
    else console.log(`${act === "resume" ? "The stream goes on" : "The stream has ended"} (${receipt?.hash ?? ""}).`);
  });
}

/** What is signed, in words: a member decides on a conviction, not on a number. */
async function describe(
  { contracts }: Consortium,
  { rpc: url, reason: text }: DecideOptions,
  { act, stream, suspension, reason }: Omit<Decision, "says"> & { readonly suspension: number },
): Promise<Decision> {
  const because = `Reason, of which the SHA-256 goes on the chain: ${text}`;
  if (act === "fence") return { act, stream, reason, says: `Ends stream ${stream} for good. ${because}` };
  const rpc = connectRpc(url);
  const found = await readSuspension(rpc, contracts, stream, suspension, (await readHead(rpc)).number);
  const how = found
    ? `${found.breach}, by ack ${found.ack}, shown by ${found.by} in block ${found.block}`
    : "of which the node knows nothing";
  const says = `Lifts suspension ${suspension} of stream ${stream}: ${how}. ${because}`;
  return { act, stream, suspension, reason, says };
}

/** Signatures under something else would only be refused by the contract, in fewer words. */
function refuseOthers(signed: readonly Signed[], { says: _, ...ours }: Decision): void {
  for (const { signer, decision } of signed) {
    if (decision === undefined) continue;
    const { says, ...its } = decision;
    if (canonical(its) === canonical(ours)) continue;
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${signer} has signed something else: ${says}` });
  }
}

/** The EIP-712 digest, made here: nobody signs what a node says. */
function decisionDigest(act: "resume" | "fence", { chainId, contracts }: Consortium, message: object): string {
  const domain = { name: "Twinward AnchorLog", version: "1", chainId, verifyingContract: contracts.AnchorLog };
  const [stream, suspension, reason] = [
    { name: "stream", type: "bytes32" },
    { name: "suspension", type: "uint32" },
    { name: "reason", type: "bytes32" },
  ] as const;
  const types = act === "resume" ? { Resume: [stream, suspension, reason] } : { Fence: [stream, reason] };
  return TypedDataEncoder.hash(domain, types, message);
}

/** Signatures in the order of the members, each once, and no more than a quorum, as the contract takes them. */
export function inOrder(consortium: Consortium, signed: readonly Signed[]): { bits: bigint; signatures: unknown[] } {
  const { members } = consortium;
  const isOf = (member: ConsortiumMember, signer: Hex): boolean =>
    member.until === undefined && member.signer === signer;
  const stranger = signed.find(({ signer }) => !members.some((member) => isOf(member, signer)));
  if (stranger) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${stranger.signer} is no member's signing address.` });
  }
  const quorum = memberQuorum(presentMembers(consortium).length);
  let bits = 0n;
  const signatures: unknown[] = [];
  members.forEach((member, bit) => {
    const found = signed.find(({ signer }) => isOf(member, signer));
    if (!found || signatures.length === quorum) return;
    bits |= 1n << BigInt(bit);
    const { r, yParityAndS } = Signature.from(found.signature);
    signatures.push([r, yParityAndS]);
  });
  return { bits, signatures };
}
