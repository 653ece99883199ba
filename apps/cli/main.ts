import { CommanderError } from "commander";
import { TwinwardError } from "../../protocol/errors.ts";
import { asTwinwardError, explainError, printJson } from "./print.ts";
import { makeProgram } from "./program.ts";

try {
  const program = await makeProgram(process.argv[2]);
  await program.parseAsync();
} catch (thrown) {
  const error = asTwinwardError(thrown);
  if (error instanceof CommanderError) {
    // Commander has printed already. Help that was asked for is no failure; wrong words are unusable input.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const json = process.argv.includes("--json");
    if (json && error instanceof TwinwardError) printJson({ error: error.code, ...error.facts });
    else console.error(explainError(error));
    process.exitCode ||= error instanceof TwinwardError && error.code.startsWith("UNUSABLE") ? 2 : 1;
  }
}
