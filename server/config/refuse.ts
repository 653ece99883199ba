import { CLIENT_SETTINGS, describeSetting, settingNames, type SettingName } from "./settings.ts";

/** One setting that cannot be used: the line as it is, what is wrong with it, and the line to put in its place. */
export interface WrongSetting {
  readonly line: string;
  readonly problem: string;
  readonly change: string;
}

/** Thrown once, with everything that is wrong: whoever starts a server repairs all of it in one go. */
export class SettingsRefused extends Error {
  readonly wrong: readonly WrongSetting[];

  constructor(wrong: readonly WrongSetting[]) {
    super(wrong.map(({ line, problem, change }) => `${line}: ${problem} Instead: ${change}`).join("\n"));
    this.wrong = wrong;
  }
}

/** Names that begin so are ours: what is set under them and read by nobody was meant for us. */
const OURS = /^(?:TWINWARD|MQTT|RPC|DATABASE|SEAL|ANCHOR|METRICS|KEYS|WEBHOOK|TLS)_/;
/** Names shorter than this are too near to too much. */
const LONG = 7;

/** The line of a setting; a value that may hold a password is not repeated. */
export function lineOf(name: SettingName, value: string): string {
  const text = describeSetting(name).secret ? "…" : value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return `${name}=${text}`;
}

/** A setting with a value that it does not take. */
export function wrongValue(name: SettingName, value: string): WrongSetting {
  const { takes, byDefault, example } = describeSetting(name);
  const change = `${name}=${byDefault ?? example ?? ""}`;
  return { line: lineOf(name, value), problem: `It takes ${takes}.`, change: `${change}, or unset ${name}` };
}

/**
 * Variables that are set and that nobody reads, though their names say that somebody should: a misspelt setting would
 * otherwise leave its default in force, unnoticed.
 */
export function unknownSettings(source: NodeJS.ProcessEnv): WrongSetting[] {
  const known: string[] = [...settingNames(), ...CLIENT_SETTINGS];
  const unknown = Object.keys(source).filter(
    (name) =>
      source[name] !== undefined &&
      !known.includes(name) &&
      (OURS.test(name.toUpperCase()) || known.some((one) => one.length >= LONG && distance(one, name) <= 1)),
  );
  return unknown.sort().map((name) => {
    const [nearest] = known
      .map((one) => ({ one, far: distance(one, name.toUpperCase()) }))
      .filter(({ one, far }) => far <= one.length / 8)
      .sort((a, b) => a.far - b.far);
    // Its value is not repeated: nobody knows what it holds.
    return {
      line: `${name}=…`,
      problem: "There is no such setting.",
      change: nearest === undefined ? `unset ${name}` : `${nearest.one}=…, or unset ${name}`,
    };
  });
}

/** Optimal string alignment: letters put in, left out, changed, or swapped with their neighbour. */
function distance(one: string, other: string): number {
  const rows = Array.from({ length: one.length + 1 }, (_, i) =>
    Array.from({ length: other.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= one.length; i++) {
    for (let j = 1; j <= other.length; j++) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      const row = rows[i];
      if (row) row[j] = least;
    }
  }
  return at(one.length, other.length);
}
