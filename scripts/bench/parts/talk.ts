import { fork, type ChildProcess } from "node:child_process";

const END_WITHIN_MS = 30_000;

/** A process of the bench that answers one question at a time. */
export interface Worker {
  readonly pid: number;
  ask<T>(question: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Starts a file as a process of its own. Throws what the process could not do. */
export function startWorker(file: URL, words: readonly string[] = [], node: readonly string[] = []): Worker {
  const child = fork(file, words, { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: [...node] });
  const kill = (): void => void child.kill("SIGKILL");
  process.on("exit", kill);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    pid: child.pid ?? -1,
    ask: (question) => ask(child, question),
    close: async () => {
      if (child.connected) child.disconnect();
      const hard = setTimeout(kill, END_WITHIN_MS);
      await gone;
      clearTimeout(hard);
      process.off("exit", kill);
    },
  };
}

function ask<T>(child: ChildProcess, question: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      child.off("message", answer).off("exit", die);
      act();
    };
    const answer = (said: unknown): void => {
      const { value, error } = said as { value: T; error?: string };
      settle(() => (error === undefined ? resolve(value) : reject(new Error(error))));
    };
    const die = (code: number | null): void => settle(() => reject(new Error(`a process of the bench ended: ${code}`)));
    child.on("message", answer).on("exit", die);
    child.send(question as object);
  });
}

/** The other side: answers each question, and ends when nobody listens any more. */
export function answerQuestions<Q>(answer: (question: Q) => unknown, end: () => unknown = () => undefined): void {
  process.on("message", (question: Q) => {
    void Promise.resolve()
      .then(() => answer(question))
      .then(
        (value) => process.send?.({ value: value ?? null }),
        (error: unknown) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : error }),
      );
  });
  // Ctrl-C reaches every process of the terminal; ours end when the bench itself does.
  process.on("SIGINT", () => undefined);
  process.once("disconnect", () => void Promise.resolve(end()).finally(() => process.exit()));
}
