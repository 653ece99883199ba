import type { Command } from "commander";
import { closeSync, createReadStream, existsSync, openSync, readSync } from "node:fs";
import { parseConsortium, type Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { verifyReceipt, type AnchorSource } from "../../../protocol/verify.ts";
import { verifyExport, type ExportVerification } from "../../../protocol/verify-export.ts";
import { fileSource, rpcSource } from "../../sdk/anchor-sources.ts";
import { readText } from "../options.ts";
import { explainError, MARKS, printJson } from "../print.ts";

interface Options {
  readonly trust?: string;
  readonly rpc?: string;
  readonly anchors?: string;
  readonly json?: boolean;
}

const EXITS = { passed: 0, failed: 1, "not checked": 3 } as const;

export function addVerifyCommand(program: Command): void {
  program
    .command("verify <receipt>")
    .description("verify a receipt or an export as a stranger would: offline from an anchors file, or against a node")
    .option("--trust <file>", "the consortium@1 that you trust (from a member, never from who gave you the receipt)")
    .option("--rpc <url>", "JSON-RPC of a node that you trust: anchors and keys come from the chain")
    .option("--anchors <file>", "an anchors file instead of a node: works with the network cut")
    .addHelpText(
      "after",
      `
Nothing that decides comes from the receipt: chain, contracts, keys and roots come from --trust and from the node or
anchors file; the receipt's own copies are only compared. Without them their checks are 'not checked'.
Exit: 0 all passed, 1 any failed, 2 unusable input, 3 none failed but some were not checked.`,
    )
    .action(async (file: string, options: Options) => {
      try {
        const verification = await verify(file, options);
        if (options.json) printJson(verification);
        else printChecks(verification);
        process.exitCode = EXITS[verification.outcome];
      } catch (error) {
        if (options.json && error instanceof TwinwardError) printJson({ error: error.code, ...error.facts });
        else console.error(explainError(error));
        process.exitCode = 2;
      }
    });
}

/** A receipt's checks, or an export's: each of them over all of its lines. */
async function verify(file: string, options: Options): Promise<ExportVerification> {
  if (options.rpc !== undefined && options.anchors !== undefined) {
    throw new TwinwardError("UNUSABLE_INPUT", {
      detail: "Name a node (--rpc) or an anchors file (--anchors), not both.",
    });
  }
  if (!existsSync(file)) throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} does not exist.` });
  const consortium = options.trust === undefined ? undefined : parseConsortium(readText(options.trust));
  const trust = { consortium, source: sourceOf(options, consortium) };
  return isExport(file) ? verifyExport(linesOf(file), trust) : verifyReceipt(readText(file), trust);
}

/** By its first bytes: an export may be larger than memory. */
function isExport(file: string): boolean {
  const first = Buffer.alloc(16 * 1024);
  let open: number | undefined;
  try {
    open = openSync(file, "r");
    const size = readSync(open, first);
    return /^\{[^\n]*"kind":"head"/.test(first.subarray(0, size).toString());
  } catch {
    return false;
  } finally {
    if (open !== undefined) closeSync(open);
  }
}

/** Line feeds end lines, and nothing else does. What stands behind the last one is a line that was cut off, and told as one. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(file, "utf8")) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function sourceOf({ rpc, anchors }: Options, consortium: Consortium | undefined): AnchorSource | undefined {
  if (anchors !== undefined) return fileSource(readText(anchors));
  if (rpc === undefined) return undefined;
  if (consortium === undefined) {
    throw new TwinwardError("UNUSABLE_INPUT", {
      detail: "--rpc needs --trust: the contracts to ask are the consortium's.",
    });
  }
  return rpcSource(rpc, consortium);
}

function printChecks({ checks, outcome }: ExportVerification): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, result, detail } of checks)
    console.log(`${MARKS[result]} ${name.padEnd(width)}  ${result === "passed" ? "" : `${result}: `}${detail}`);
  const words = {
    passed: "Every check passed: this is what the device said, and it stands in the consortium's log.",
    failed: "At least one check failed: do not rely on it.",
    "not checked": "Nothing failed, but not everything could be checked.",
  };
  console.log(words[outcome]);
}
