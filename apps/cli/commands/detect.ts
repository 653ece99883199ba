import type { Command } from "commander";
import { listEngines, type EngineState } from "../../../ml/engines/load.ts";
import { printJson, printTable } from "../print.ts";

export function addDetectCommand(program: Command): void {
  program
    .command("detect")
    .description("models that learn how numbers move together, and what computes them")
    .command("engines")
    .description("which engines run models here, and what installs those that do not")
    .action(async (options: { json?: boolean }) => {
      const engines = await listEngines();
      if (options.json) printJson(engines);
      else printTable(["engine", "state", "version", ""], engines.map(rowOf));
    });
}

function rowOf(state: EngineState): string[] {
  if (!state.isReady) return [state.engine, "missing", "", `${state.install} (${state.because})`];
  return [state.engine, "ready", state.version, state.faster === undefined ? "" : `faster with: ${state.faster}`];
}
