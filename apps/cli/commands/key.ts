import type { Command } from "commander";
import { createAccountKey } from "../key-file.ts";
import { printJson } from "../print.ts";

export function addKeyCommand(program: Command): void {
  program
    .command("key")
    .description("keys of readers and stewards")
    .command("new <file>")
    .description("make an account's key (secp256k1) in a new 0600 file; prints its address")
    .action((file: string, options: { json?: boolean }) => {
      const address = createAccountKey(file);
      if (options.json) printJson({ file, address });
      else console.log(address);
    });
}
