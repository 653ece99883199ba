// The other end of thread.ts: one engine, its programs, one question after another.
import { parentPort } from "node:worker_threads";
import { MlError } from "../errors.ts";
import type { Engine, Program } from "./engine.ts";
import { loadEngine } from "./load.ts";
import type { Answer, Question } from "./thread.ts";

let engine: Engine | undefined;
const programs: (Program | undefined)[] = [];

function programAt(number: number): Program {
  const program = programs[number];
  if (!program) throw new MlError("GRAPH_INVALID", { detail: "The program was closed." });
  return program;
}

async function answer(question: Question): Promise<unknown> {
  switch (question.act) {
    case "open":
      engine = await loadEngine(question.engine);
      return { engine: engine.name, version: engine.version };
    case "compile":
      if (!engine) throw new MlError("ENGINE_FAILED", { detail: "No engine was opened." });
      return programs.push(await engine.compile(question.graph, question.states, question.options)) - 1;
    case "run":
      return programAt(question.program).run(question.inputs);
    case "read":
      return programAt(question.program).read();
    case "write":
      return programAt(question.program).write(question.states);
    case "close": {
      const program = programs[question.program];
      programs[question.program] = undefined;
      return program?.close();
    }
  }
}

let last: Promise<void> = Promise.resolve();
parentPort?.on("message", ({ number, question }: { number: number; question: Question }) => {
  const say = (word: Answer): void => parentPort?.postMessage(word);
  last = last.then(async () => {
    try {
      say({ number, value: await answer(question) });
    } catch (error) {
      if (!(error instanceof MlError)) throw error;
      say({ number, code: error.code, facts: { ...error.facts } });
    }
  });
});
