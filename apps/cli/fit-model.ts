// A process of its own: fits the ward's model, which takes seconds of one core, and writes it under its hash.
// Words: the directory. Prints {"file", "hash"}. What this very code has fitted there already is not fitted again.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fitWardModel } from "../../lab/fit.ts";
import { hashModel } from "../../ml/model-hash.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { fingerprintSources } from "./fingerprint-sources.ts";

/** The people that the model learns from; the ward's own are drawn from another seed. */
const SEED = "ward";

interface Fitted {
  readonly file: string;
  readonly hash: string;
}

/** Beside the models: which one is of which code. Models of other code stay, because verdicts name them. */
const RECORD = "fitted.json";

/** Everything that a fit comes from: other people, other features or another detector are another model. */
const SOURCES = ["../../ml", "../../lab"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const code = sha256Hex(JSON.stringify([SEED, fingerprintSources(SOURCES)]));

const fileOf = (directory: string, hash: string): string => join(directory, `pca-${hash}.json`);

/** What this code has fitted; undefined where it has not, or where what lies there is not what it says. */
function found(directory: string): Fitted | undefined {
  try {
    const record = JSON.parse(readFileSync(join(directory, RECORD), "utf8")) as Record<string, unknown>;
    const { hash } = record;
    if (record.code !== code || typeof hash !== "string" || !/^0x[0-9a-f]{64}$/.test(hash)) return undefined;
    const file = fileOf(directory, hash);
    return hashModel(JSON.parse(readFileSync(file, "utf8")) as object) === hash ? { file, hash } : undefined;
  } catch {
    // Unreadable or half written: a new fit comes to the same model.
    return undefined;
  }
}

function fit(directory: string): Fitted {
  const model = fitWardModel(SEED);
  const hash = hashModel(model);
  const file = fileOf(directory, hash);
  write(file, model);
  // Dying before this, the next start fits again, to the same model.
  write(join(directory, RECORD), { code, hash });
  return { file, hash };
}

function write(file: string, value: object): void {
  writeFileSync(`${file}.new`, JSON.stringify(value));
  renameSync(`${file}.new`, file);
}

const directory = process.argv[2];
if (directory === undefined) throw new Error("usage: fit-model DIRECTORY");
mkdirSync(directory, { recursive: true });
console.log(JSON.stringify(found(directory) ?? fit(directory)));
