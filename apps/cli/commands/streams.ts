import type { Command } from "commander";
import { join } from "node:path";
import { Contract, SigningKey, Signature, TypedDataEncoder, Wallet, type InterfaceAbi } from "ethers";
import { anchorLogAbi } from "../../../protocol/abi/AnchorLog.ts";
import { memberRegistryAbi } from "../../../protocol/abi/MemberRegistry.ts";
import { readAck } from "../../../protocol/ack.ts";
import { ackArgument, findBreach } from "../../../protocol/breach.ts";
import { toHex, utf8, type Hex } from "../../../protocol/bytes.ts";
import { memberQuorum, parseConsortium, type Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { sha256 } from "../../../protocol/hash.ts";
import { parseStrict } from "../../../protocol/json.ts";
import { rpcSource } from "../../sdk/anchor-sources.ts";
import { addressOf, readAccountKey } from "../key-file.ts";
import { readText, takeId } from "../options.ts";
import { printJson } from "../print.ts";
import { sendActs } from "../send-acts.ts";
import { connectProvider } from "../steward.ts";

interface Options {
  readonly rpc: string;
  readonly trust: string;
  readonly json?: boolean;
}

// What the members' contract refuses comes through this one; ECDSA's errors are in both.
const REFUSALS = memberRegistryAbi.filter((one) => one.type === "error" && /Member|SignatureCount/.test(one.name));
const ABI = [...anchorLogAbi, ...REFUSALS] as unknown as InterfaceAbi;

/** What becomes of a stream: a broken promise suspends it, members resume or fence it. docs/proofs.md. */
export function addStreamCommands(anchors: Command): void {
  const data = process.env.TWINWARD_DATA ?? ".twinward";
  const chained = (command: Command): Command =>
    command
      .requiredOption("--rpc <url>", "JSON-RPC of a node")
      .option("--trust <file>", "the consortium@1 whose contracts are meant", join(data, "consortium.json"));

  chained(
    anchors
      .command("challenge <ack>")
      .description("suspend the stream whose gateway did not anchor in time what this ack@1 promises"),
  )
    .requiredOption("--key <file>", "any account's key; it sends the transaction")
    .action(async (file: string, options: Options & { key: string }) => {
      const consortium = parseConsortium(readText(options.trust));
      const { text, transaction } = await challenge(consortium, file, options);
      if (options.json) printJson({ breach: text, transaction });
      else console.log(`${text}: the stream is suspended (${transaction}).`);
    });

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
      .option("--sign-only", "print the signatures and send nothing")
      .action(async (stream: string, options: DecideOptions) => decide(act, takeId(stream), options));
  }
}

async function challenge(
  consortium: Consortium,
  file: string,
  options: Options & { key: string },
): Promise<{ text: string; transaction: string }> {
  const ack = readAck(parseStrict(readText(file)));
  const source = rpcSource(options.rpc, consortium, 0);
  const anchors = await source.anchors(ack.stream);
  return withLog(consortium, options.rpc, readAccountKey(options.key), async (log, wallet) => {
    const now = (await wallet.provider?.getBlock("latest"))?.timestamp ?? 0;
    const resumedAt = Number(((await log.getFunction("standing").staticCall(ack.stream)) as readonly unknown[])[2]);
    const fate = findBreach(ack, anchors, now, resumedAt);
    if (fate.kind === "none") throw new TwinwardError("ACK_NOT_BROKEN", { detail: `Nothing to show: ${fate.why}.` });
    const given = ackArgument(ack);
    const act =
      fate.kind === "overdue"
        ? { contract: log, method: "challengeOverdue", args: [ack.stream, given] }
        : { contract: log, method: "challengeLate", args: [ack.stream, given, fate.period] };
    const [receipt] = await sendActs(wallet, [act]);
    return { text: fate.kind, transaction: receipt?.hash ?? "" };
  });
}

interface DecideOptions extends Options {
  readonly reason: string;
  readonly key: readonly string[];
  readonly signed: readonly string[];
  readonly signOnly?: boolean;
}

/** A member's signature under a decision, as `--sign-only` prints it. */
interface Signed {
  readonly signer: Hex;
  readonly signature: Hex;
}

async function decide(act: "resume" | "fence", stream: Hex, options: DecideOptions): Promise<void> {
  const consortium = parseConsortium(readText(options.trust));
  const reason = toHex(sha256(utf8(options.reason)));
  const keys = options.key.map(readAccountKey);
  const [sender] = keys;
  if (sender === undefined) throw new TwinwardError("UNUSABLE_INPUT", { detail: "Name a key." });
  await withLog(consortium, options.rpc, sender, async (log, wallet) => {
    const suspension = Number(((await log.getFunction("standing").staticCall(stream)) as readonly unknown[])[1]);
    const digest = decisionDigest(act, consortium, { stream, suspension, reason });
    const own = keys.map((key): Signed => {
      return { signer: addressOf(key), signature: new SigningKey(toHex(key)).sign(digest).serialized as Hex };
    });
    if (options.signOnly) return printJson(own);
    const others = options.signed.flatMap((file) => parseStrict(readText(file)) as Signed[]);
    const { bits, signatures } = inOrder(consortium, [...own, ...others]);
    const values = act === "resume" ? [stream, suspension, reason] : [stream, reason];
    const [receipt] = await sendActs(wallet, [{ contract: log, method: act, args: [...values, bits, signatures] }]);
    if (options.json) printJson({ [act]: stream, transaction: receipt?.hash });
    else console.log(`${act === "resume" ? "The stream goes on" : "The stream has ended"} (${receipt?.hash ?? ""}).`);
  });
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
export function inOrder({ members }: Consortium, signed: readonly Signed[]): { bits: bigint; signatures: unknown[] } {
  const stranger = signed.find(({ signer }) => !members.some((member) => member.signer === signer));
  if (stranger) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${stranger.signer} is no member's signing address.` });
  }
  const quorum = memberQuorum(members.length);
  let bits = 0n;
  const signatures: unknown[] = [];
  members.forEach(({ signer }, bit) => {
    const found = signed.find((one) => one.signer === signer);
    if (!found || signatures.length === quorum) return;
    bits |= 1n << BigInt(bit);
    const { r, yParityAndS } = Signature.from(found.signature);
    signatures.push([r, yParityAndS]);
  });
  return { bits, signatures };
}

async function withLog<T>(
  { chainId, contracts }: Consortium,
  rpc: string,
  key: Uint8Array,
  act: (log: Contract, wallet: Wallet) => Promise<T>,
): Promise<T> {
  const provider = connectProvider(rpc, chainId);
  const wallet = new Wallet(toHex(key), provider);
  try {
    return await act(new Contract(contracts.AnchorLog, ABI, wallet), wallet);
  } finally {
    provider.destroy();
  }
}
