import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { isHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { isPurpose, type Purpose } from "../../protocol/words.ts";

const DEFAULT_URL = "http://127.0.0.1:8080";

export const urlOption = (): Option =>
  new Option("--url <url>", "the server").default(process.env.TWINWARD_URL ?? DEFAULT_URL);

export const dataOption = (): Option =>
  new Option("--data <directory>", "the server's data directory").default(process.env.TWINWARD_DATA ?? ".twinward");

/** The steward's key: the development key of the server whose data lies in DATA, unless a file is named. */
export const stewardOption = (): Option =>
  new Option("--steward-key <file>", "the steward's key (default: keys/steward.key in the data directory)").env(
    "TWINWARD_STEWARD_KEY",
  );

/** Names the steward's key where a command takes one and none was named. */
export function fillStewardKey(command: Command): void {
  const { data, stewardKey } = command.opts<{ data?: string; stewardKey?: string }>();
  const takes = command.options.some((option) => option.attributeName() === "stewardKey");
  if (takes && stewardKey === undefined && data !== undefined)
    command.setOptionValueWithSource("stewardKey", join(data, "keys/steward.key"), "default");
}

export function takeId(text: string): Hex {
  if (!isHex(text, 32)) throw new InvalidArgumentError("It is 0x and 64 lower-case hex digits.");
  return text;
}

export function takeAddress(text: string): Hex {
  const lower = text.toLowerCase();
  if (!isHex(lower, 20)) throw new InvalidArgumentError("It is 0x and 40 hex digits.");
  return lower;
}

export function takeNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => name === "")) throw new InvalidArgumentError("Names are separated by commas.");
  return names;
}

export function takePurposes(text: string): Purpose[] {
  return takeNames(text).map(takePurpose);
}

export function takePurpose(text: string): Purpose {
  if (!isPurpose(text))
    throw new InvalidArgumentError("Purposes are care, emergency, research, maintenance, audit, security.");
  return text;
}

export function takeCount(text: string): number {
  const count = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(count)) throw new InvalidArgumentError("It is a whole number.");
  return count;
}

export function takeSequence(text: string): number {
  const sequence = takeCount(text);
  if (sequence < 1) throw new InvalidArgumentError("Sequences begin with 1.");
  return sequence;
}

/** A time: ISO 8601, milliseconds since 1970, or from now on: +90s, +30m, +12h, +7d; ms. */
export function takeTime(text: string): number {
  const relative = /^([+-])(\d{1,9})([smhd])$/.exec(text);
  if (relative) {
    const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[relative[3] as "s" | "m" | "h" | "d"];
    return Date.now() + (relative[1] === "-" ? -1 : 1) * Number(relative[2]) * unit;
  }
  const ms = /^\d{12,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(ms))
    throw new InvalidArgumentError("A time is ISO 8601, milliseconds since 1970, or like +12h.");
  return ms;
}

/** A file's text. Throws UNUSABLE_INPUT naming the file. */
export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} cannot be read.` }, cause);
  }
}
