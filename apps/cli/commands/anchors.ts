import type { Command } from "commander";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SigningKey } from "ethers";
import { parseAnchors, type AnchorsFile } from "../../../protocol/anchors.ts";
import { toHex, type Hex } from "../../../protocol/bytes.ts";
import { parseConsortium, presentMembers, type Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { cosignAnchors, exportAnchors, writeAnchors, type CheckpointSigner } from "../../sdk/export-anchors.ts";
import { addressOf, readAccountKey } from "../key-file.ts";
import { readText } from "../options.ts";
import { printJson } from "../print.ts";
import { addStreamCommands } from "./streams.ts";

interface ExportOptions {
  readonly rpc: string;
  readonly trust: string;
  readonly key: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function addAnchorsCommand(program: Command): void {
  const anchors = program.command("anchors").description("what the chain holds of the streams");
  addStreamCommands(anchors);
  withOptions(
    anchors
      .command("export")
      .description(
        "write an anchors file from a node alone: every anchor, every key history, a signed checkpoint over them",
      ),
  ).action(async (options: ExportOptions) => {
    const consortium = parseConsortium(readText(options.trust));
    const by = checkpointSigner(consortium, readAccountKey(options.key));
    write(await exportAnchors(options.rpc, consortium, by), options);
  });
  withOptions(
    anchors
      .command("sign <file>")
      .description("add a member's signature to an anchors file that this member's own node confirms"),
  ).action(async (file: string, options: ExportOptions) => {
    const consortium = parseConsortium(readText(options.trust));
    const by = checkpointSigner(consortium, readAccountKey(options.key));
    write(await cosignAnchors(options.rpc, consortium, parseAnchors(readText(file)), by), options);
  });
}

function withOptions(command: Command): Command {
  const data = process.env.TWINWARD_DATA ?? ".twinward";
  return command
    .requiredOption("--rpc <url>", "JSON-RPC of a node")
    .option("--trust <file>", "the consortium@1 whose contracts are asked", join(data, "consortium.json"))
    .option("--key <file>", "the member's key that signs the checkpoint", join(data, "keys/member.key"))
    .option("--out <file>", "where to write it; standard output without");
}

function write(file: AnchorsFile, { out, json }: ExportOptions): void {
  const text = writeAnchors(file);
  if (out === undefined) return void process.stdout.write(text);
  try {
    writeFileSync(out, text, { flag: "wx" });
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${out} cannot be created; it may exist already.` }, cause);
  }
  if (json) printJson({ file: out });
  else console.log(out);
}

/** The member whose signing key this is. Throws UNUSABLE_INPUT where it is nobody's. */
function checkpointSigner(consortium: Consortium, key: Uint8Array): CheckpointSigner {
  const signer = addressOf(key);
  const member = presentMembers(consortium).find((one) => one.signer === signer);
  if (member === undefined)
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${signer} is no member's signing address.` });
  return { member: member.name, signer, sign: (digest) => new SigningKey(toHex(key)).sign(digest).serialized as Hex };
}
