import type { Command } from "commander";
import type { Contract, Wallet } from "ethers";
import { readAck, verifyAckSignature, type Ack } from "../../../protocol/ack.ts";
import { ackArgument, findBreach } from "../../../protocol/breach.ts";
import { groupOfStream, keyTermsOf, parseConsortium, type Consortium } from "../../../protocol/consortium.ts";
import { keyOfPromise } from "../../../protocol/gateway-key.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { parseStrict } from "../../../protocol/json.ts";
import { findContradiction, findMisplacement } from "../../../protocol/misplacement.ts";
import { parseReceipt } from "../../../protocol/receipt.ts";
import { rpcSource } from "../../sdk/anchor-sources.ts";
import { withLog } from "../anchor-log.ts";
import { readAccountKey } from "../key-file.ts";
import { readText } from "../options.ts";
import { printJson } from "../print.ts";
import { sendActs } from "../send-acts.ts";

/** A batch that is anchored between our look and our transaction ends the path that we have made: it is made anew. */
const TRIES = 10;

interface Options {
  readonly rpc: string;
  readonly trust: string;
  readonly key: string;
  readonly against?: string;
  readonly receipt?: string;
  readonly json?: boolean;
}

/** How an ack was broken, and the call that says so. */
interface Challenge {
  readonly breach: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** `anchors challenge`: finds out which challenge an ack gives ground for, and sends it. docs/proofs.md. */
export function addChallengeCommand(anchors: Command, chained: (command: Command) => Command): void {
  chained(
    anchors.command("challenge <ack>").description("suspend the stream whose gateway broke the promise of this ack@1"),
  )
    .option("--against <ack>", "another ack@1, which gives the same position to another reading")
    .option("--receipt <receipt>", "receipt@1 of another leaf, which is anchored at the promised position")
    .requiredOption("--key <file>", "any account's key; it sends the transaction")
    .addHelpText(
      "after",
      `
Alone, an ack convicts where its leaves are due and not anchored, or were anchored late. With --against or --receipt it convicts a
gateway that promised a position twice, or anchored something else there. What proves nothing is refused (ACK_NOT_BROKEN) with
the reason, and nothing is sent. docs/proofs.md says what each proves and what it can't.`,
    )
    .action(async (file: string, options: Options) => {
      const { breach, transaction } = await challenge(file, options);
      if (options.json) printJson({ breach, transaction });
      else console.log(`${breach}: the stream is suspended (${transaction}).`);
    });
}

async function challenge(file: string, options: Options): Promise<{ breach: string; transaction: string }> {
  if (options.against !== undefined && options.receipt !== undefined)
    throw new TwinwardError("UNUSABLE_INPUT", {
      detail: "--against or --receipt, not both: each is a challenge of its own.",
    });
  const consortium = parseConsortium(readText(options.trust));
  const ack = readSigned(consortium, file);
  return withLog(consortium, options.rpc, readAccountKey(options.key), async (log, wallet) => {
    for (let attempt = 1; ; attempt++) {
      const { breach, method, args } = await find(consortium, ack, options, log, wallet);
      try {
        const [receipt] = await sendActs(wallet, [{ contract: log, method, args }]);
        return { breach, transaction: receipt?.hash ?? "" };
      } catch (error) {
        if (method !== "challengeMisplaced" || attempt === TRIES || !isOvertaken(error)) throw error;
      }
    }
  });
}

async function find(
  consortium: Consortium,
  ack: Ack,
  { rpc, against, receipt }: Options,
  log: Contract,
  wallet: Wallet,
): Promise<Challenge> {
  const { stream } = ack;
  const given = ackArgument(ack);
  const standing = (await log.getFunction("standing").staticCall(stream)) as readonly unknown[];
  const resumedAt = Number(standing[2]);
  if (resumedAt > 0 && ack.anchorBy <= resumedAt)
    throw unshown("members forgave what was due before they resumed the stream");
  if (against !== undefined) {
    const other = readSigned(consortium, against);
    const found = findContradiction(ack, other);
    if ("why" in found) throw unshown(found.why);
    const args = [stream, given, found.promised, ackArgument(other), found.other];
    return { breach: "contradicted", method: "challengeContradicted", args };
  }
  const anchors = await rpcSource(rpc, consortium, 0).anchors(stream);
  if (receipt !== undefined) {
    const found = findMisplacement(ack, parseReceipt(readText(receipt)), anchors);
    if ("why" in found) throw unshown(found.why);
    const args = [stream, given, found.promised, found.batch, found.anchored];
    return { breach: "misplaced", method: "challengeMisplaced", args };
  }
  const now = (await wallet.provider?.getBlock("latest"))?.timestamp ?? 0;
  const fate = findBreach(ack, anchors, now, resumedAt);
  if (fate.kind === "none") throw unshown(fate.why);
  return fate.kind === "overdue"
    ? { breach: fate.kind, method: "challengeOverdue", args: [stream, given] }
    : { breach: fate.kind, method: "challengeLate", args: [stream, given, fate.period] };
}

/** An ack that a gateway of the consortium signed for its own stream. */
function readSigned(consortium: Consortium, file: string): Ack {
  const ack = readAck(parseStrict(readText(file)));
  const { chainId, contracts } = consortium;
  const gateway = groupOfStream(consortium, ack.stream);
  const isOurs = ack.chainId === chainId && ack.anchorLog === contracts.AnchorLog;
  const key = gateway && keyOfPromise(keyTermsOf(gateway), ack);
  if (!isOurs || !key || !verifyAckSignature(ack, key))
    throw unshown(`${file} is not signed by a gateway of this consortium`);
  return ack;
}

const unshown = (why: string): TwinwardError =>
  new TwinwardError("ACK_NOT_BROKEN", { detail: `Nothing to show: ${why}.` });

const isOvertaken = (error: unknown): boolean =>
  error instanceof TwinwardError &&
  (error.code === "TRANSACTION_REVERTED" || String(error.facts.detail).includes("BatchNotInLog"));
