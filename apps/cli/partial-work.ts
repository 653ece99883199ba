import { readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { CHECKPOINT, keepWork, LEARNED, UNKEPT, type Work } from "../../ml/detectors/work.ts";
import { replaceFile } from "../../ml/write-file.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { lockDirectory } from "../../server/store/lock.ts";

/** What a training has done so far, beside the directory of the model that it will be. */
export interface PartialWork {
  readonly work: Work;
  /** The model is written: nothing of it is needed any more. */
  readonly remove: () => Promise<void>;
  /** It ends without a model: what can be gone on from stays. */
  readonly leave: () => Promise<void>;
}

const LESSON = "lesson";
/** Files of ours, and what a kill leaves of one that was being written: others' files are never removed. */
const OWN = new RegExp(`^(?:${LESSON}|[0-9a-f]{64}\\${CHECKPOINT}|[a-z]+\\${LEARNED})(?:\\.new)?$`);

/**
 * Opens MODEL.partial for this process alone and tells what of it can be used: all where `lesson`, which names everything that the
 * model follows from, is the one that it was left by, else nothing. Where there is no place for it, nothing is kept.
 *
 * @throws DATA_LOCKED while another process trains this model
 */
export async function openPartial(model: string, lesson: string, say: (line: string) => void): Promise<PartialWork> {
  const directory = `${resolve(model)}.partial`;
  const lock = await lockDirectory(directory, "detect train").catch((error: NodeJS.ErrnoException) => {
    if (error instanceof TwinwardError) throw error;
    say(`Nothing is kept for a training that is killed: ${error.message}`);
    return undefined;
  });
  if (lock === undefined) return { work: UNKEPT, remove: async () => undefined, leave: async () => undefined };

  const clear = (): void =>
    ownFiles(directory).forEach((name) => rmSync(join(directory, name), { force: true, recursive: true }));
  const remove = async (): Promise<void> => {
    clear();
    await lock.release();
    removeEmpty(directory);
  };
  const left = workIn(directory);
  if (left.length > 0 && readLesson(directory) === lesson) say(`Goes on with ${directory}: ${tell(left)}.`);
  else {
    if (left.length > 0) say(`Begins anew: ${directory} is of other files, options or another version.`);
    // Whoever dies in between leaves the old work without some of its files, or the new without any.
    clear();
    replaceFile(join(directory, LESSON), [Buffer.from(lesson)]);
  }
  const ignored = (detail: string): void => say(`${detail} It is not used.`);
  return {
    work: keepWork(directory, lesson, ignored),
    remove,
    leave: () => (workIn(directory).length === 0 ? remove() : lock.release()),
  };
}

const ownFiles = (directory: string): string[] => readdirSync(directory).filter((name) => OWN.test(name));
const workIn = (directory: string): string[] =>
  ownFiles(directory).filter((name) => name.endsWith(CHECKPOINT) || name.endsWith(LEARNED));

function readLesson(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, LESSON), "utf8");
  } catch {
    return undefined;
  }
}

function tell(left: readonly string[]): string {
  const learned = left.filter((name) => name.endsWith(LEARNED)).map((name) => name.slice(0, -LEARNED.length));
  const networks = left.length - learned.length;
  const trained = networks === 0 ? [] : [`${networks} network${networks === 1 ? "" : "s"}`];
  return [...learned.map((name) => `${name} has learned`), ...trained].join(", ");
}

/** Another process may have come into it meanwhile; then it stays. */
function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
