// What a training that is running, stopped or killed has kept so far.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { CHECKPOINT, LEARNED } from "../../ml/detectors/work.ts";
import { readSealed } from "../../ml/sealed-file.ts";

export interface KeptNetwork {
  readonly name: string;
  /** Epochs that are done. */
  readonly epoch: number;
  /** When it was last written. */
  readonly at: number;
}

/** Networks that have a checkpoint in this directory, the last written last, and detectors that have learned; none where it is gone. */
export function readKept(directory: string): { networks: KeptNetwork[]; learned: string[] } {
  const names = namesIn(directory);
  const networks = names.filter((name) => name.endsWith(CHECKPOINT)).flatMap((name) => readNetwork(directory, name));
  return {
    networks: networks.sort((a, b) => a.at - b.at),
    learned: names.filter((name) => name.endsWith(LEARNED)),
  };
}

function readNetwork(directory: string, name: string): KeptNetwork[] {
  const file = join(directory, name);
  try {
    const { header } = readSealed(file) as { header: { progress: { epoch: number } } };
    return [{ name, epoch: header.progress.epoch, at: statSync(file).mtimeMs }];
  } catch (error) {
    // It has gone since its name was read.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
