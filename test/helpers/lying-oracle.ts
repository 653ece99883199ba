// A real oracle process in all but its judgement.
import { runProcess } from "../../server/oracle/run-process.ts";
import { lyingJudge } from "./lying-judge.ts";

await runProcess(process.argv.slice(2), lyingJudge);
