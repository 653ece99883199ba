import { readConfig, type BrokerPlace, type Config, type Overrides } from "./config.ts";
import { setTogether, sharedPorts } from "./contradictions.ts";
import { lineOf, SettingsRefused, type WrongSetting } from "./refuse.ts";
import type { SettingName } from "./settings.ts";

/** What one more gateway of a server's stream is told: the server's own lines, as far as they are about it. */
export interface GatewayConfig extends Config {
  readonly databaseUrl: string;
  readonly broker: BrokerPlace;
  readonly doors: {
    /** TCP port of /healthz and /readyz; 0 takes a free one; undefined: none is open. */
    readonly health: number | undefined;
    readonly metrics: number | undefined;
  };
}

/** What only the server does. */
const SERVERS: Partial<Record<SettingName, string>> = {
  MQTT_PORT: "A gateway has no embedded broker.",
  TLS_CLIENT_CA: "A gateway has no embedded broker.",
  RPC_PORT: "A gateway has no embedded chain.",
  ANVIL: "A gateway has no embedded chain.",
  RPC_PRICE_CEILING_GWEI: "A gateway sends no transactions.",
  SEAL_INTERVAL_MS: "A gateway seals no batches.",
  FLEET: "A gateway tells of no devices.",
  WEBHOOK_PRIVATE: "A gateway posts no answers.",
};

/** What is about a door. */
const OF_DOORS: readonly SettingName[] = ["HOST", "TLS_CERT", "TLS_KEY", "PUBLIC_URL"];

/** Reads the settings of a gateway. Throws SettingsRefused, also for each line that has no meaning for one. */
export function readGatewayConfig(source: NodeJS.ProcessEnv, overrides: Pick<Overrides, "data"> = {}): GatewayConfig {
  const config = readConfig(source, overrides, contradictions);
  const { databaseUrl, broker } = config;
  // `contradictions` has refused both.
  if (databaseUrl === undefined || broker === undefined) throw new SettingsRefused([]);
  return { ...config, databaseUrl, broker, doors: doorsOf(config, source) };
}

function doorsOf({ ports }: Config, source: NodeJS.ProcessEnv): GatewayConfig["doors"] {
  return { health: source.PORT === undefined ? undefined : ports.http, metrics: ports.metrics };
}

function contradictions(config: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  const doors = doorsOf(config, source);
  const own = [
    ...unshared(source),
    ...meaningless(source, doors),
    ...sharedPorts([
      [`PORT=${config.ports.http}`, doors.health],
      [`METRICS_PORT=${config.ports.metrics}`, doors.metrics],
    ]),
  ];
  const refused = new Set(own.map(({ line }) => line));
  return [...own, ...setTogether(config, source).filter(({ line }) => !refused.has(line))];
}

function unshared(source: NodeJS.ProcessEnv): WrongSetting[] {
  return (["DATABASE_URL", "MQTT_URL"] as const)
    .filter((name) => source[name] === undefined)
    .map((name) => ({
      line: `${name} is not set`,
      problem: "What gateways share is their server's database and broker.",
      change: `${name}=… as the server has it`,
    }));
}

function meaningless(source: NodeJS.ProcessEnv, { health, metrics }: GatewayConfig["doors"]): WrongSetting[] {
  const refuse = (name: SettingName, problem: string): WrongSetting[] => {
    const value = source[name];
    return value === undefined ? [] : [{ line: lineOf(name, value), problem, change: `unset ${name}` }];
  };
  const servers = Object.entries(SERVERS).flatMap(([name, problem]) => refuse(name as SettingName, problem));
  if (health === undefined && metrics === undefined)
    return [
      ...servers,
      ...OF_DOORS.flatMap((name) => refuse(name, "Without PORT and METRICS_PORT a gateway opens no door.")),
    ];
  if (source.TLS_CERT !== undefined || source.TLS_KEY !== undefined) return servers;
  return [...servers, ...refuse("PUBLIC_URL", "Of a gateway it says for whom TLS_CERT is, and there is none.")];
}
