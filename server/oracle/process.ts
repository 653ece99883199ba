// An oracle, as a process of its own: node server/oracle/process.ts --url … --key … --data … --model … --model-hash …
import { judge } from "./judge.ts";
import { runProcess } from "./run-process.ts";

await runProcess(process.argv.slice(2), judge);
