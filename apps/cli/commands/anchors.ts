import type { Command } from "commander";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SigningKey } from "ethers";
import { toHex, type Hex } from "../../../protocol/bytes.ts";
import { parseConsortium, type Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { exportAnchors, writeAnchors, type CheckpointSigner } from "../../sdk/export-anchors.ts";
import { addressOf, readAccountKey } from "../key-file.ts";
import { readText } from "../options.ts";
import { printJson } from "../print.ts";

export function addAnchorsCommand(program: Command): void {
  const data = process.env.TWINWARD_DATA ?? ".twinward";
  program
    .command("anchors")
    .description("what the chain holds of the streams")
    .command("export")
    .description(
      "write an anchors file from a node alone: every anchor, every key history, a signed checkpoint over them",
    )
    .requiredOption("--rpc <url>", "JSON-RPC of a node")
    .option("--trust <file>", "the consortium@1 whose contracts are asked", join(data, "consortium.json"))
    .option("--key <file>", "the member's key that signs the checkpoint", join(data, "keys/member.key"))
    .option("--out <file>", "where to write it; standard output without")
    .action(async (options: { rpc: string; trust: string; key: string; out?: string; json?: boolean }) => {
      const consortium = parseConsortium(readText(options.trust));
      const text = writeAnchors(
        await exportAnchors(options.rpc, consortium, checkpointSigner(consortium, readAccountKey(options.key))),
      );
      if (options.out === undefined) process.stdout.write(text);
      else {
        try {
          writeFileSync(options.out, text, { flag: "wx" });
        } catch (cause) {
          throw new TwinwardError(
            "UNUSABLE_INPUT",
            { detail: `${options.out} cannot be created; it may exist already.` },
            cause,
          );
        }
        if (options.json) printJson({ file: options.out });
        else console.log(options.out);
      }
    });
}

/** The member whose signing key this is. Throws UNUSABLE_INPUT where it is nobody's. */
function checkpointSigner(consortium: Consortium, key: Uint8Array): CheckpointSigner {
  const signer = addressOf(key);
  const member = consortium.members.find((one) => one.signer === signer);
  if (member === undefined)
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${signer} is no member's signing address.` });
  return { member: member.name, signer, sign: (digest) => new SigningKey(toHex(key)).sign(digest).serialized as Hex };
}
