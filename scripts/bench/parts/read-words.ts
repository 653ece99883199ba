import { parseArgs, type ParseArgsConfig } from "node:util";

/** An option's default: its kind says how it is read. */
type Plan = Readonly<Record<string, string | number | boolean>>;
type Said<T extends Plan> = {
  readonly [K in keyof T]: T[K] extends number ? number : T[K] extends boolean ? boolean : string;
};

/**
 * Reads a bench's options. `--help` prints the help and ends with 0; words that it does not know, and counts that are not
 * above 0, end with 2.
 */
export function readWords<const T extends Plan>(help: string, plan: T): Said<T> {
  const usage = (why: string): never => {
    console.error(`${why}\n\n${help}`);
    process.exit(2);
  };
  const options: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", default: false } };
  for (const [name, value] of Object.entries(plan)) {
    options[name] = typeof value === "boolean" ? { type: "boolean" } : { type: "string" };
  }
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ options }).values;
  } catch (error) {
    return usage((error as Error).message);
  }
  if (values.help === true) {
    console.log(help);
    process.exit(0);
  }
  const read = ([name, byDefault]: [string, string | number | boolean]): [string, unknown] => {
    const said = values[name] ?? byDefault;
    if (typeof byDefault !== "number") return [name, said];
    const count = Number(said);
    if (!(count > 0 && Number.isFinite(count))) usage(`--${name} ${JSON.stringify(said)} is not a number above 0`);
    return [name, count];
  };
  return Object.fromEntries(Object.entries(plan).map(read)) as Said<T>;
}

/** What is at work now, for whoever waits; figures go to stdout. */
export function say(line: string): void {
  console.error(line);
}
