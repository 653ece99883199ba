import {
  ERRORS,
  parseAnchors,
  parseConsortium,
  parseReceipt,
  sourceOfAnchors,
  TwinwardError,
  verifyReceipt,
  type AnchorSource,
  type Consortium,
  type Receipt,
  type Trust,
  type Verification,
} from "../../../protocol/index.ts";
import { askNode } from "./ask-node.ts";
import { UnusableInput } from "./unusable-input.ts";

/** What a person gave: texts as they are, untouched, because a verifier judges bytes. Undefined = not given. */
export interface Given {
  receipt: string;
  trust: { from: "file"; text: string | undefined } | { from: "server" };
  anchors: { from: "file"; text: string | undefined } | { from: "rpc"; url: string };
}

/** The protocol's checks, and what the page needs to show them. */
export interface Report extends Verification {
  receipt: Receipt;
  /** how long it took (ms), reading the inputs included */
  took: number;
  /** the server vouched for itself, so that even "passed" needs a second sentence */
  selfVouched: boolean;
}

/**
 * Verifies with the same protocol code as `twinward verify`.
 *
 * @throws UnusableInput when an input is not what it should be, or when a node or this server gives no answer
 */
export async function runVerification(given: Given): Promise<Report> {
  const started = performance.now();
  const receipt = read("The receipt", given.receipt, parseReceipt);
  const verification = await verifyReceipt(given.receipt, await openTrust(given));
  return { ...verification, receipt, took: performance.now() - started, selfVouched: given.trust.from === "server" };
}

/**
 * What receipts are verified against.
 *
 * @throws UnusableInput as `runVerification`
 */
export async function openTrust({ trust, anchors }: Omit<Given, "receipt">): Promise<Trust> {
  const text = trust.from === "server" ? await askServer() : trust.text;
  const consortium = text === undefined ? undefined : read("consortium.json", text, parseConsortium);
  return { consortium, source: await sourceOf(anchors, consortium) };
}

async function sourceOf(
  anchors: Given["anchors"],
  consortium: Consortium | undefined,
): Promise<AnchorSource | undefined> {
  if (anchors.from === "file") {
    return anchors.text === undefined
      ? undefined
      : sourceOfAnchors(read("The anchors file", anchors.text, parseAnchors));
  }
  if (anchors.url === "") return undefined;
  if (consortium === undefined) {
    throw new UnusableInput(
      "The chain node",
      anchors.url,
      "Only consortium.json says which contracts to ask it for.",
      "Give consortium.json too.",
    );
  }
  await askNode(anchors.url);
  // Brings an Ethereum client with it: loaded by those who ask a node.
  const { rpcSource } = await import("../../sdk/anchor-sources.ts");
  return rpcSource(anchors.url, consortium);
}

/** Reads one input; whatever is wrong with it is told by its name and the place in it. */
function read<T>(which: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TwinwardError)) throw error;
    const { path, offset, detail } = error.facts;
    const place = [typeof path === "string" && path, typeof offset === "number" && toLine(text, offset)];
    const { message, remedy } = ERRORS[error.code];
    throw new UnusableInput(
      which,
      place.filter((part) => part !== false).join(", "),
      typeof detail === "string" ? `${message} ${detail}` : message,
      remedy,
    );
  }
}

/** An offset as an editor counts: `line 3, column 14`. */
function toLine(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** This server's consortium.json. */
export async function askServer(): Promise<string> {
  const failed = (words: string): UnusableInput =>
    new UnusableInput("This server's consortium", "GET v1/consortium", words, "Take it from a member instead.");
  const response = await fetch("v1/consortium", { signal: AbortSignal.timeout(5_000), cache: "no-store" }).catch(() => {
    throw failed("The server cannot be reached.");
  });
  if (!response.ok) throw failed(`The server answered with status ${response.status}.`);
  return response.text();
}
