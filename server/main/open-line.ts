import type { Logger } from "pino";
import type { Hex } from "../../protocol/bytes.ts";
import { groupOfStream, type Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf, type Line } from "../../protocol/line.ts";
import { meetChain } from "../anchor/meet-chain.ts";
import { followChain } from "../chain/follow.ts";
import { openStream, openSuccessor, type StreamPlan } from "../chain/open-stream.ts";
import type { Outbox } from "../chain/outbox.ts";
import { readLine } from "../chain/stream-line.ts";
import type { Chain, ChainView } from "../chain/view.ts";
import type { Claim, Database, Tx } from "../store/database.ts";
import type { PromiseParts } from "../store/promise.ts";
import { claimStream, readStream } from "../store/stream-row.ts";
import { succeedStream } from "../store/succeed-stream.ts";
import { requireGatewayKey } from "./gateway-signer.ts";
import { streamOf } from "./observe-world.ts";
import type { OpenedChain } from "./open-directory.ts";

/** How long the view may take to show a stream that is opened. */
const SHOWN_WITHIN_MS = 60_000;

export interface LinePlan {
  readonly database: Database;
  readonly chainAt: OpenedChain;
  readonly consortium: Consortium;
  readonly outbox: Outbox;
  /** Held on the stream that the database is written to. */
  readonly claim: Claim;
  readonly written: Hex;
  /** Go on in the successor where members have fenced the stream; without it a server that finds that serves reads only. */
  readonly succeed: boolean;
  /** Seconds that the newest block may be old; 0: any. */
  readonly maxAge: number;
  readonly promiseAt: (chain: Chain) => Pick<PromiseParts, "signer" | "now" | "anchorWithinSeconds">;
  readonly report: (error: unknown) => void;
  readonly log: Logger;
}

/** A stream that is opened, followed, and not behind the chain. */
export interface OpenedLine {
  readonly chain: Chain;
  readonly line: Line;
  readonly claim: Claim;
  /** Opens the stream again when a reorganisation has taken its opening back. */
  reopen(): Promise<unknown>;
}

/** The stream that the database is written to, or will be. Throws STREAM_MISMATCH where it is none of this set-up's gateway. */
export async function writtenStream(tx: Tx, consortium: Consortium): Promise<Hex> {
  const { stream: first, group } = streamOf(consortium);
  const found = await readStream(tx);
  if (found !== undefined && groupOfStream(consortium, found)?.group !== group)
    throw new TwinwardError("STREAM_MISMATCH", { stream: first, found });
  return found ?? first;
}

/** The line of a stream that the database is written to. Throws CHAIN_BEHIND where the node has not heard of it yet. */
export function lineOfWritten(view: ChainView, consortium: Consortium, written: Hex): Line {
  if (written !== streamOf(consortium).stream && view.stream(written)?.predecessor === undefined)
    throw new TwinwardError("CHAIN_BEHIND", { detail: `It does not know yet what stream ${written} succeeds.` });
  return readLine(view, written);
}

/**
 * Opens the stream where nobody has, follows the chain, and holds the database against it. A fenced stream is succeeded here, and
 * nowhere else: before anything is served, in one transaction, by whoever has said so. Throws what its parts throw, and
 * STREAM_BEHIND where the chain has anchors that this database does not hold, in this stream or in its successor.
 */
export async function openLine(plan: LinePlan): Promise<OpenedLine> {
  const { database, chainAt, consortium, outbox, succeed, report, log } = plan;
  const { chainId, contracts } = consortium;
  const { group } = streamOf(consortium);
  const opening = { provider: chainAt.provider, outbox, chainId, anchorLog: contracts.AnchorLog, group };
  let { claim, written } = plan;
  await openStream(opening);
  const chain = await followChain({
    provider: chainAt.provider,
    consortium,
    database,
    ...(plan.maxAge > 0 && { maxBlockAgeSeconds: plan.maxAge }),
    onTrouble: report,
  });
  try {
    const promised = plan.promiseAt(chain);
    await requireGatewayKey(promised.signer, promised.now());
    let line = lineOfWritten(chain.view(), consortium, written);
    // An older database put back would write other leaves where the chain has anchored some.
    await meetChain(database, anchorsOf(line, chain.view()));
    for (let fact = chain.view().stream(written); fact?.standing === "fenced"; fact = chain.view().stream(written)) {
      refuseForeign(chain.view(), fact.successor);
      if (!succeed) {
        report(new TwinwardError("STREAM_FENCED", { stream: written, ...fact.fence }));
        break;
      }
      const next = await openedSuccessor(chain, opening, written);
      line = readLine(chain.view(), next);
      const chainTime = (): number => chain.view().head.timestamp;
      const parts = {
        ...promised,
        chainId,
        anchorLog: contracts.AnchorLog,
        stream: next,
        line,
        chainTime,
      };
      const leaves = await succeedStream(database, written, parts);
      // Die here and the next start finds the database written to the successor, and goes on as if this one had never stopped.
      log.warn({ from: written, to: next, leaves }, "the stream goes on in its successor; leaves were promised anew");
      await claim.release();
      claim = await claimStream(database, next);
      written = next;
    }
    const before = line.stretches.at(-2)?.stream;
    const reopen = (): Promise<unknown> =>
      before === undefined ? openStream(opening) : openSuccessor(opening, before);
    return { chain, line, claim, reopen };
  } catch (error) {
    await chain.close();
    throw error;
  }
}

async function openedSuccessor(chain: Chain, opening: StreamPlan, stream: Hex): Promise<Hex> {
  const next = await openSuccessor(opening, stream);
  const view = await chain.waitFor((seen) => seen.stream(next)?.predecessor === stream, SHOWN_WITHIN_MS);
  refuseForeign(view, next);
  return next;
}

/** A successor with more than its beginning is another database's, or this one is an older copy. */
function refuseForeign(view: ChainView, successor: Hex | undefined): void {
  if (successor === undefined || view.streamSize(successor) <= 1) return;
  const batches = { first: 1, last: view.streamSize(successor) - 1 };
  const detail = `The chain goes on in stream ${successor}, with batches ${batches.first}…${batches.last}, which are missing here. Nothing is read, accepted or anchored.`;
  throw new TwinwardError("STREAM_BEHIND", { successor, batches, detail });
}
