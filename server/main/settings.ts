import { TwinwardError } from "../../protocol/errors.ts";
import { readConfig, type Config, type Overrides } from "../config/config.ts";
import { SettingsRefused } from "../config/refuse.ts";

/** The settings of this start. Throws UNUSABLE_SETTING, whose detail has each line as it is and as it should be. */
export function readSettings(environment: NodeJS.ProcessEnv, words: Overrides = {}): Config {
  try {
    return readConfig(environment, words);
  } catch (cause) {
    if (!(cause instanceof SettingsRefused)) throw cause;
    const lines = cause.wrong.map(({ line, problem, change }) => `\n  ${line}   ${problem}\n    → ${change}`);
    throw new TwinwardError("UNUSABLE_SETTING", { settings: cause.wrong, detail: lines.join("") }, cause);
  }
}
