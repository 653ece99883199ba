import { expect } from "chai";
import { spawn } from "node:child_process";
import { TWINWARD } from "./journey.ts";

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A bench as a user starts it. Its figures are of a second on a busy machine: what is tested is that they are there. */
export const bench = (...words: string[]): Promise<Ran> => run(TWINWARD, "bench", ...words);
/** The program itself, which starts sooner. */
export const program = (name: string, ...words: string[]): Promise<Ran> => run(`scripts/bench/${name}.ts`, ...words);

function run(...words: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

export async function figures<T>(...words: string[]): Promise<T> {
  const { code, out, err } = await bench(...words, "--json");
  expect(code, err).to.equal(0);
  return JSON.parse(out) as T;
}
