// A process of its own: fits the ward's model, which takes seconds of one core, and writes it under its hash.
// Words: the directory. Prints {"file", "hash"}. What lies there already is not fitted again.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fitWardModel } from "../../lab/fit.ts";
import { hashModel } from "../../ml/model-hash.ts";

/** The people that the model learns from; the ward's own are drawn from another seed. */
const SEED = "ward";

function found(directory: string): { file: string; hash: string } | undefined {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    const hash = /^pca-(0x[0-9a-f]{64})\.json$/.exec(name)?.[1];
    if (hash !== undefined && hashModel(JSON.parse(readFileSync(file, "utf8")) as object) === hash)
      return { file, hash };
  }
  return undefined;
}

function fit(directory: string): { file: string; hash: string } {
  const model = fitWardModel(SEED);
  const hash = hashModel(model);
  const file = join(directory, `pca-${hash}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(model));
  renameSync(`${file}.new`, file);
  return { file, hash };
}

const directory = process.argv[2];
if (directory === undefined) throw new Error("usage: fit-model DIRECTORY");
mkdirSync(directory, { recursive: true });
console.log(JSON.stringify(found(directory) ?? fit(directory)));
