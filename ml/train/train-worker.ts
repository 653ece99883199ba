// The other end of thread.ts: loads the engine, trains, says how it goes, and ends.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { loadEngine } from "../engines/load.ts";
import { MlError } from "../errors.ts";
import type { ThreadTask, ThreadWord } from "./thread.ts";
import { train } from "./train.ts";

const stopping = new AbortController();
const say = (word: ThreadWord): void => parentPort?.postMessage(word);

try {
  const { engine, ...task } = workerData as ThreadTask;
  const trained = await train({
    ...task,
    engine: await loadEngine(engine),
    onProgress(progress) {
      say({ kind: "progress", progress });
      // Asked for, because between the steps of some engines no event is ever delivered.
      if (parentPort && receiveMessageOnPort(parentPort)) stopping.abort();
    },
    signal: stopping.signal,
  });
  say({ kind: "trained", trained });
} catch (error) {
  if (stopping.signal.aborted) say({ kind: "stopped" });
  else if (error instanceof MlError) say({ kind: "refused", code: error.code, facts: { ...error.facts } });
  else throw error;
}
