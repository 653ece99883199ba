import { relative, sep } from "node:path";
import type { Config, Overrides } from "./config.ts";
import { LOOPBACK } from "./loopback.ts";
import { lineOf, type WrongSetting } from "./refuse.ts";
import type { SettingName } from "./settings.ts";

/** Every address of this machine, so the name of none. */
const ANY_ADDRESS = new Set(["0.0.0.0", "::", "[::]"]);

/** What means nothing without all of these. */
const NEEDS: readonly (readonly [SettingName, readonly SettingName[]])[] = [
  ["TLS_CERT", ["TLS_KEY"]],
  ["TLS_KEY", ["TLS_CERT"]],
  ["TLS_CLIENT_CA", ["TLS_CERT", "TLS_KEY"]],
  ["MQTT_CERT", ["MQTT_KEY", "MQTT_URL"]],
  ["MQTT_KEY", ["MQTT_CERT", "MQTT_URL"]],
  ["MQTT_CA", ["MQTT_URL"]],
  ["RPC_PLAIN_TEXT", ["RPC_URL"]],
  ["RPC_BLOCK_AGE_SECONDS", ["RPC_URL"]],
];

/** What is about an embedded part, by the setting that puts another one in that part's place. */
const REPLACED = {
  MQTT_URL: { part: "broker", about: ["MQTT_PORT", "TLS_CLIENT_CA"] },
  RPC_URL: { part: "chain", about: ["RPC_PORT", "ANVIL"] },
} as const satisfies Partial<Record<SettingName, { part: string; about: readonly SettingName[] }>>;
const REPLACING = ["MQTT_URL", "RPC_URL"] as const;

/**
 * Settings that can each be used and that cannot hold together, or that would promise what cannot be kept. Each change that is
 * proposed must lead to no other refusal.
 */
export function contradictions(config: Config, source: NodeJS.ProcessEnv, overrides: Overrides): WrongSetting[] {
  const { ports, broker, rpcUrl } = config;
  return [
    ...setTogether(config, source),
    ...sharedPorts([
      [overrides.port === undefined ? `PORT=${ports.http}` : `--port ${ports.http}`, ports.http],
      [`MQTT_PORT=${ports.mqtt}`, broker === undefined ? ports.mqtt : undefined],
      [`RPC_PORT=${ports.rpc}`, rpcUrl === undefined ? ports.rpc : undefined],
      [`METRICS_PORT=${ports.metrics}`, ports.metrics],
    ]),
    ...brokenPromise(config),
  ];
}

/** The same of what is not about a server alone. */
export function setTogether(config: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  return [
    ...plainText(config),
    ...plainName(config, source),
    ...meaningless(source),
    ...plainBroker(config),
    ...unheard(source),
    ...plainNode(config),
    ...openDatabase(config, source),
    ...mirrorWithin(config, source),
  ];
}

function plainText({ host, tls, publicUrl }: Config): WrongSetting[] {
  if (tls === undefined && !LOOPBACK.has(host))
    return [
      {
        line: lineOf("HOST", host),
        problem: "Without TLS_CERT and TLS_KEY this server speaks plain text, and that on loopback only.",
        change: `${listed(["TLS_CERT=…", "TLS_KEY=…", ...nameByTls(host, publicUrl)])} beside it, or unset HOST`,
      },
    ];
  if (ANY_ADDRESS.has(host) && publicUrl === undefined)
    return [
      {
        line: lineOf("HOST", host),
        problem: "That is every address of this machine and the name of none: nobody could be told where it is.",
        change: "PUBLIC_URL=https://… beside it, the name that the certificate is for",
      },
    ];
  return [];
}

/** Under what name it would be reached by TLS, where none is set that would do. */
function nameByTls(host: string, publicUrl: string | undefined): string[] {
  if (publicUrl === undefined) return ANY_ADDRESS.has(host) ? ["PUBLIC_URL=https://…"] : [];
  return publicUrl.startsWith("http:") ? [`PUBLIC_URL=${byTls(publicUrl)}`] : [];
}

const byTls = (url: string): string => url.replace(/^http:/, "https:");

/** `http` in what others are told makes them speak plain text, whatever we speak. */
function plainName({ publicUrl }: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  if (publicUrl === undefined) return [];
  const isPlain = (source.TLS_CERT ?? source.TLS_KEY) === undefined;
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === "https:" || (LOOPBACK.has(hostname) && isPlain)) return [];
  return [
    {
      line: lineOf("PUBLIC_URL", publicUrl),
      problem: isPlain ? "Plain text is for loopback only." : "With TLS_CERT this server speaks no plain text.",
      change: `PUBLIC_URL=${byTls(publicUrl)}`,
    },
  ];
}

/** Settings that mean nothing without others that are not set. */
function meaningless(source: NodeJS.ProcessEnv): WrongSetting[] {
  return NEEDS.flatMap(([name]) => {
    const value = source[name];
    const missing = missingOf(name, source);
    // About an embedded part that another one has replaced: `unheard` says so.
    const isUnheard = REPLACING.some((url) => source[url] !== undefined && isAbout(url, name));
    if (value === undefined || missing.length === 0 || isUnheard) return [];
    const replaced = REPLACING.filter((url) => missing.includes(url)).flatMap((url) =>
      REPLACED[url].about.filter((one) => source[one] !== undefined),
    );
    const place = replaced.length === 0 ? "beside it" : `beside it, in place of ${listed(replaced)}`;
    return [
      {
        line: lineOf(name, value),
        problem: `It means nothing without ${listed(missing)}.`,
        change: `${listed(missing.map(lineFor))} ${place}, or unset ${name}`,
      },
    ];
  });
}

const missingOf = (name: SettingName, source: NodeJS.ProcessEnv): readonly SettingName[] =>
  (NEEDS.find(([one]) => one === name)?.[1] ?? []).filter((other) => source[other] === undefined);
const isAbout = (url: keyof typeof REPLACED, name: SettingName): boolean =>
  (REPLACED[url].about as readonly SettingName[]).includes(name);
/** Certificates are for TLS, so the broker that they are shown to speaks it. */
const lineFor = (name: SettingName): string => (name === "MQTT_URL" ? "MQTT_URL=mqtts://…" : `${name}=…`);
const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;

/** Readings are signed, but a password is not, and what a device measures would be read by whoever is on that network. */
function plainBroker({ broker }: Config): WrongSetting[] {
  if (broker === undefined) return [];
  const { protocol, hostname } = new URL(broker.url);
  const line = lineOf("MQTT_URL", broker.url);
  if (protocol === "mqtt:" && !LOOPBACK.has(hostname))
    return [{ line, problem: "Plain text is for loopback only.", change: `MQTT_URL=mqtts://${hostname}:8883` }];
  if (protocol === "mqtt:" && (broker.cert ?? broker.key ?? broker.ca) !== undefined)
    return [
      {
        line,
        problem: "Plain text shows no certificate.",
        change: "MQTT_URL=mqtts://…, or unset MQTT_CERT, MQTT_KEY and MQTT_CA",
      },
    ];
  return [];
}

/** Settings of an embedded part that is not there. */
function unheard(source: NodeJS.ProcessEnv): WrongSetting[] {
  return REPLACING.flatMap((url) => {
    if (source[url] === undefined) return [];
    const { part, about } = REPLACED[url];
    return about.flatMap((name) => {
      const value = source[name];
      if (value === undefined) return [];
      const without = NEEDS.filter(([one, needed]) => needed.includes(url) && source[one] !== undefined);
      const replacing = listed([url, ...without.map(([one]) => one)]);
      const missing = missingOf(name, source);
      const instead =
        missing.length === 0 ? `unset ${replacing}` : `${listed(missing.map(lineFor))} in place of ${replacing}`;
      return [
        {
          line: lineOf(name, value),
          problem: `With ${url} there is no embedded ${part} that it could be about.`,
          change: `unset ${name}, or ${instead}`,
        },
      ];
    });
  });
}

/** What a node says decides every grant: on the way anybody could say it in the node's place. */
function plainNode({ rpcUrl, rpcPlainText }: Config): WrongSetting[] {
  if (rpcUrl === undefined || rpcPlainText) return [];
  const plain = rpcUrl.split(",").map((url) => new URL(url.trim()));
  const [first] = plain.filter(({ protocol, hostname }) => protocol === "http:" && !LOOPBACK.has(hostname));
  if (first === undefined) return [];
  return [
    {
      line: lineOf("RPC_URL", rpcUrl),
      problem: `It names ${first.hostname} by plain text: whoever is on the way can change what the chain says.`,
      change: "RPC_URL=https://…, or RPC_PLAIN_TEXT=allow beside it where nobody else is on that network",
    },
  ];
}

/** The driver uses TLS only when it is told to; over a network, whoever starts us says which it shall be. */
function openDatabase({ databaseUrl }: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  if (databaseUrl === undefined) return [];
  const { hostname, search, searchParams } = new URL(databaseUrl);
  // As the driver reads it: of several the last counts, an empty one says nothing, and PGHOST stands in for a host.
  const last = (name: string): string | undefined => searchParams.getAll(name).at(-1);
  const host = (last("host") ?? hostname) || (source.PGHOST ?? "");
  const local = host === "" || host.startsWith("/") || LOOPBACK.has(host);
  if (local || last("sslmode") || last("ssl")) return [];
  const secured = `DATABASE_URL=…${search === "" ? "?" : "&"}sslmode=`;
  return [
    {
      line: lineOf("DATABASE_URL", databaseUrl),
      problem: `It names ${host} and no sslmode: its password and what is stored would travel in the open.`,
      change: `${secured}verify-full, or ${secured}disable where nobody else is on that network`,
    },
  ];
}

/** Doors by their lines; undefined where there is none. */
export function sharedPorts(doors: readonly (readonly [line: string, port: number | undefined])[]): WrongSetting[] {
  return doors.flatMap(([line, port], index) => {
    const earlier = doors.slice(0, index).find(([, other]) => other === port);
    if (port === undefined || port === 0 || earlier === undefined) return [];
    const word = line.split(/[= ]/)[0] ?? "";
    return [{ line, problem: `${earlier[0]} has that port already.`, change: `${word}=0 takes a free one` }];
  });
}

function mirrorWithin({ data, keysMirror }: Config, source: NodeJS.ProcessEnv): WrongSetting[] {
  if (keysMirror === undefined) return [];
  const way = relative(data, keysMirror);
  if (way === ".." || way.startsWith(`..${sep}`)) return [];
  return [
    {
      line: lineOf("KEYS_MIRROR", source.KEYS_MIRROR ?? keysMirror),
      problem: "It lies in the data directory: what takes the one takes the other.",
      change: "KEYS_MIRROR=… on another disk",
    },
  ];
}

function brokenPromise({ sealIntervalMs, anchorWithinSeconds }: Config): WrongSetting[] {
  if (anchorWithinSeconds * 1000 >= 2 * sealIntervalMs) return [];
  const needed = Math.ceil((2 * sealIntervalMs) / 1000);
  return [
    {
      line: `ANCHOR_WITHIN_SECONDS=${anchorWithinSeconds}`,
      problem: `With SEAL_INTERVAL_MS=${sealIntervalMs} acks would promise an anchor sooner than it is made.`,
      change: `ANCHOR_WITHIN_SECONDS=${needed} or more, or SEAL_INTERVAL_MS=${anchorWithinSeconds * 500} or less`,
    },
  ];
}
