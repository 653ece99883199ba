import type { Config } from "../config/config.ts";

/** Settings that name ports, by the doors that take them. */
const SETTINGS: Readonly<Record<keyof Config["ports"], string>> = {
  http: "PORT",
  mqtt: "MQTT_PORT",
  rpc: "RPC_PORT",
  metrics: "METRICS_PORT",
};

/** What is told where a door found its port taken: which one, and what to set. Any other error is itself. */
export function asTakenPort(error: unknown, ports: Config["ports"]): unknown {
  const { code, port } = error as { code?: unknown; port?: unknown };
  if (code !== "EADDRINUSE") return error;
  const door = (Object.keys(SETTINGS) as (keyof Config["ports"])[]).find((name) => ports[name] === port);
  const change = door === undefined ? "" : `, or set another ${SETTINGS[door]}`;
  return new Error(`Port ${String(port)} is taken. Stop what listens there${change}.`);
}
