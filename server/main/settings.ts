import { TwinwardError } from "../../protocol/errors.ts";
import { readConfig, type Config, type Overrides } from "../config/config.ts";
import { readGatewayConfig, type GatewayConfig } from "../config/gateway.ts";
import { SettingsRefused } from "../config/refuse.ts";

/** The settings of this start. Throws UNUSABLE_SETTING, whose detail has each line as it is and as it should be. */
export function readSettings(environment: NodeJS.ProcessEnv, words: Overrides = {}): Config {
  return readBy(() => readConfig(environment, words));
}

/** The settings of this start of one more gateway. Throws as `readSettings`. */
export function readGatewaySettings(environment: NodeJS.ProcessEnv, words: Overrides = {}): GatewayConfig {
  return readBy(() => readGatewayConfig(environment, words));
}

function readBy<T extends Config>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof SettingsRefused)) throw cause;
    const lines = cause.wrong.map(({ line, problem, change }) => `\n  ${line}   ${problem}\n    → ${change}`);
    throw new TwinwardError("UNUSABLE_SETTING", { settings: cause.wrong, detail: lines.join("") }, cause);
  }
}
