import type { Command } from "commander";
import { listEngines, type EngineState } from "../../../ml/engines/load.ts";
import { printJson, printTable } from "../print.ts";
import { addEvaluateCommand } from "./detect-evaluate.ts";
import { addScoreCommand } from "./detect-score.ts";
import { addTrainCommand } from "./detect-train.ts";

export function addDetectCommand(program: Command): void {
  const detect = program
    .command("detect")
    .description("models that learn how numbers move together, and what computes them")
    .addHelpText(
      "after",
      `
From files to a verdict:
  $ npx twinward detect train --data monday.csv,tuesday.csv --time TIME --label ATTACK --model model/
  $ npx twinward detect score --model model/ --data wednesday.csv --out scores.csv
  $ npx twinward detect evaluate --scores scores.csv --data wednesday.csv --label ATTACK
`,
    );
  addTrainCommand(detect);
  addScoreCommand(detect);
  addEvaluateCommand(detect);
  detect
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
