import { expect } from "chai";
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addUpCommand } from "../../../apps/cli/commands/up.ts";
import { ERRORS, TwinwardError } from "../../../protocol/errors.ts";
import { ownSources } from "../../../scripts/checks/imports.ts";
import { readConfig, type Overrides } from "../../../server/config/config.ts";
import { readGatewayConfig } from "../../../server/config/gateway.ts";
import { SettingsRefused, type WrongSetting } from "../../../server/config/refuse.ts";
import { CLIENT_SETTINGS, describeSetting, settingNames, SETTINGS } from "../../../server/config/settings.ts";
import { brokerCheck } from "../../../server/main/mqtt-door.ts";
import { readyChecks, type ReadyParts } from "../../../server/main/ready.ts";
import { readSettings } from "../../../server/main/settings.ts";

const PAGE = readFileSync(new URL("../../../docs/running.md", import.meta.url), "utf8");

const TLS = { TLS_CERT: "/c.pem", TLS_KEY: "/k.pem" };

function refusedBy(
  environment: NodeJS.ProcessEnv,
  words: Overrides = {},
  read: (environment: NodeJS.ProcessEnv, words: Overrides) => unknown = readConfig,
): readonly WrongSetting[] {
  try {
    read(environment, words);
  } catch (error) {
    if (error instanceof SettingsRefused) return error.wrong;
    throw error;
  }
  return [];
}

type Case = readonly [what: string, environment: Record<string, string>, words: Overrides, ...lines: string[]];

const NODE = { RPC_URL: "https://n.example" };
const BROKER = { MQTT_URL: "mqtts://b.example" };

/** By the row of docs/running.md that tells of them: what is set, and the lines that are refused. */
const CONTRADICTIONS: Readonly<Record<string, readonly Case[]>> = {
  "`HOST` beyond loopback without `TLS_CERT` and `TLS_KEY`": [
    ["HOST beyond loopback", { HOST: "10.0.0.5" }, {}, "HOST=10.0.0.5"],
    ["HOST of every address", { HOST: "0.0.0.0" }, {}, "HOST=0.0.0.0"],
    ["HOST beyond a plain name", { HOST: "10.0.0.5", PUBLIC_URL: "http://localhost" }, {}, "HOST=10.0.0.5"],
  ],
  "`HOST` of every address without `PUBLIC_URL`": [
    ["HOST that names nobody", { HOST: "0.0.0.0", ...TLS }, {}, "HOST=0.0.0.0"],
    ["HOST of IPv6 that names nobody", { HOST: "::", ...TLS }, {}, "HOST=::"],
  ],
  "`PUBLIC_URL` with `http` beyond loopback, or beside `TLS_CERT`": [
    ["a plain name", { PUBLIC_URL: "http://twin.example" }, {}, "PUBLIC_URL=http://twin.example"],
    ["a plain name with TLS", { PUBLIC_URL: "http://localhost", ...TLS }, {}, "PUBLIC_URL=http://localhost"],
  ],
  "`TLS_CERT` without `TLS_KEY` or the reverse; `TLS_CLIENT_CA` without them; `MQTT_CERT` and `MQTT_KEY` likewise; these and `MQTT_CA` without `MQTT_URL`; `RPC_PLAIN_TEXT` and `RPC_BLOCK_AGE_SECONDS` without `RPC_URL`":
    [
      ["a certificate without its key", { TLS_CERT: "/c.pem" }, {}, "TLS_CERT=/c.pem"],
      ["a key without its certificate", { TLS_KEY: "/k.pem" }, {}, "TLS_KEY=/k.pem"],
      ["an authority for nobody", { TLS_CLIENT_CA: "/a.pem" }, {}, "TLS_CLIENT_CA=/a.pem"],
      ["a certificate for a broker without its key", { ...BROKER, MQTT_CERT: "/c.pem" }, {}, "MQTT_CERT=/c.pem"],
      ["a key for a broker without its certificate", { ...BROKER, MQTT_KEY: "/k.pem" }, {}, "MQTT_KEY=/k.pem"],
      ["a certificate for no broker", { MQTT_CERT: "/c.pem" }, {}, "MQTT_CERT=/c.pem"],
      ["a key for no broker", { MQTT_KEY: "/k.pem" }, {}, "MQTT_KEY=/k.pem"],
      ["an authority for no broker", { MQTT_CA: "/a.pem" }, {}, "MQTT_CA=/a.pem"],
      ["an authority for an embedded broker", { MQTT_CA: "/a.pem", MQTT_PORT: "1884" }, {}, "MQTT_CA=/a.pem"],
      ["plain text to no node", { RPC_PLAIN_TEXT: "allow" }, {}, "RPC_PLAIN_TEXT=allow"],
      ["an age of no node's blocks", { RPC_BLOCK_AGE_SECONDS: "60" }, {}, "RPC_BLOCK_AGE_SECONDS=60"],
      [
        "an age of the embedded chain's blocks",
        { RPC_BLOCK_AGE_SECONDS: "60", RPC_PORT: "8546" },
        {},
        "RPC_BLOCK_AGE_SECONDS=60",
      ],
    ],
  "`MQTT_URL` with `mqtt` beyond loopback, or with certificates": [
    ["a broker in the open", { MQTT_URL: "mqtt://u:hidden-word@broker.example" }, {}, "MQTT_URL=…"],
    ["a certificate in plain text", { MQTT_URL: "mqtt://127.0.0.1", MQTT_CA: "/a.pem" }, {}, "MQTT_URL=…"],
    ["a key in plain text", { MQTT_URL: "mqtt://[::1]", MQTT_KEY: "/k.pem" }, {}, "MQTT_KEY=/k.pem", "MQTT_URL=…"],
  ],
  "`MQTT_PORT` or `TLS_CLIENT_CA` with `MQTT_URL`": [
    ["MQTT_PORT with MQTT_URL", { ...BROKER, MQTT_PORT: "1884" }, {}, "MQTT_PORT=1884"],
    [
      "MQTT_PORT with MQTT_URL and its certificates",
      { ...BROKER, MQTT_CERT: "/c.pem", MQTT_KEY: "/k.pem", MQTT_CA: "/a.pem", MQTT_PORT: "1884" },
      {},
      "MQTT_PORT=1884",
    ],
    ["TLS_CLIENT_CA with MQTT_URL", { ...BROKER, ...TLS, TLS_CLIENT_CA: "/a.pem" }, {}, "TLS_CLIENT_CA=/a.pem"],
    ["TLS_CLIENT_CA alone with MQTT_URL", { ...BROKER, TLS_CLIENT_CA: "/a.pem" }, {}, "TLS_CLIENT_CA=/a.pem"],
  ],
  "`RPC_URL` with `http` beyond loopback, without `RPC_PLAIN_TEXT=allow`": [
    ["a node of another machine by plain text", { RPC_URL: "http://n.example/hidden-word" }, {}, "RPC_URL=…"],
    ["one of several nodes by plain text", { RPC_URL: "https://m.example, http://10.0.0.7:8545" }, {}, "RPC_URL=…"],
  ],
  "`DATABASE_URL` of another machine without `sslmode`": [
    ["a database in the open", { DATABASE_URL: "postgres://u:hidden-word@db.example/x" }, {}, "DATABASE_URL=…"],
    [
      "a database whose last host is elsewhere",
      { DATABASE_URL: "postgres:///x?host=::1&host=db.example" },
      {},
      "DATABASE_URL=…",
    ],
    [
      "a database with an empty sslmode",
      { DATABASE_URL: "postgres://db.example/x?sslmode=&ssl=" },
      {},
      "DATABASE_URL=…",
    ],
    ["a database that PGHOST names", { DATABASE_URL: "postgres:///x", PGHOST: "db.example" }, {}, "DATABASE_URL=…"],
  ],
  "one port for two doors": [
    ["one port for two doors", { PORT: "1883" }, {}, "MQTT_PORT=1883"],
    ["one port for two doors, by a word", {}, { port: 8545 }, "RPC_PORT=8545"],
    ["METRICS_PORT at the API's", { METRICS_PORT: "8080" }, {}, "METRICS_PORT=8080"],
    ["METRICS_PORT at the chain's", { METRICS_PORT: "8545" }, {}, "METRICS_PORT=8545"],
  ],
  "`RPC_PORT` or `ANVIL` with `RPC_URL`": [
    ["RPC_PORT with RPC_URL", { RPC_PORT: "8545", RPC_URL: "http://127.0.0.1:1" }, {}, "RPC_PORT=8545"],
    [
      "RPC_PORT with RPC_URL and what is about it",
      { ...NODE, RPC_PORT: "8545", RPC_PLAIN_TEXT: "allow", RPC_BLOCK_AGE_SECONDS: "9" },
      {},
      "RPC_PORT=8545",
    ],
    ["ANVIL with RPC_URL", { ...NODE, ANVIL: "/usr/bin/anvil" }, {}, "ANVIL=/usr/bin/anvil"],
  ],
  "`KEYS_MIRROR` in the data directory": [
    ["a mirror inside the data directory", { KEYS_MIRROR: "/d/keys" }, { data: "/d" }, "KEYS_MIRROR=/d/keys"],
    ["a mirror that is it", { KEYS_MIRROR: "/d" }, { data: "/d/" }, "KEYS_MIRROR=/d"],
    ["a mirror inside it, by ..", { KEYS_MIRROR: "/e/../d/keys" }, { data: "/d" }, "KEYS_MIRROR=/e/../d/keys"],
    ["a mirror inside it, past a slash", { KEYS_MIRROR: "/d/keys" }, { data: "/d/" }, "KEYS_MIRROR=/d/keys"],
  ],
  "`ANCHOR_WITHIN_SECONDS` below two `SEAL_INTERVAL_MS`": [
    [
      "a promise that cannot be kept",
      { SEAL_INTERVAL_MS: "60000", ANCHOR_WITHIN_SECONDS: "60" },
      {},
      "ANCHOR_WITHIN_SECONDS=60",
    ],
  ],
};

const FILLED: Readonly<Record<string, string>> = {
  TLS_CERT: "/c.pem",
  TLS_KEY: "/k.pem",
  MQTT_CERT: "/c.pem",
  MQTT_KEY: "/k.pem",
  RPC_URL: "https://n.example",
  KEYS_MIRROR: "/other-disk/keys",
};

/** The environment after somebody has done what a change says: `A=… and B=…`, `unset A and B`, `A=… in place of B`. */
function withChange(environment: Record<string, string>, change: string): NodeJS.ProcessEnv {
  const changed: NodeJS.ProcessEnv = { ...environment };
  const [put = "", removed = ""] = change.split(/\bunset\b|\bin place of\b/);
  for (const [name] of removed.matchAll(/[A-Z][A-Z_]+/g)) delete changed[name];
  for (const [, name = "", value = ""] of put.matchAll(/\b([A-Z][A-Z_]+)=([^\s,]+)/g))
    changed[name] =
      value === "…" ? FILLED[name]
      : value.startsWith("…") ? value.replace("…", environment[name] ?? "")
      : value.replace("…", "filled.example"); // prettier-ignore
  expect(changed, change).not.to.deep.equal(environment);
  return changed;
}

/** What every gateway is given. */
const SHARED = { DATABASE_URL: "postgres://127.0.0.1/x", ...BROKER };
const DOORLESS = "`HOST`, `TLS_CERT`, `TLS_KEY`, `PUBLIC_URL` without `PORT` and `METRICS_PORT`";

/** By the row of docs/running.md: what is set beside what a gateway shares, and the lines that it refuses. */
const UNMEANT: Readonly<Record<string, readonly (readonly [Record<string, string>, ...string[]])[]>> = {
  "`MQTT_PORT`, `TLS_CLIENT_CA`": [
    [{ MQTT_PORT: "1884" }, "MQTT_PORT=1884"],
    [{ TLS_CLIENT_CA: "/a.pem" }, "TLS_CLIENT_CA=/a.pem"],
  ],
  "`RPC_PORT`, `ANVIL`": [
    [{ RPC_PORT: "8546" }, "RPC_PORT=8546"],
    [{ RPC_PORT: "8546", ANVIL: "/anvil", ...NODE }, "RPC_PORT=8546", "ANVIL=/anvil"],
  ],
  "`RPC_PRICE_CEILING_GWEI`": [[{ RPC_PRICE_CEILING_GWEI: "3" }, "RPC_PRICE_CEILING_GWEI=3"]],
  "`SEAL_INTERVAL_MS`": [[{ SEAL_INTERVAL_MS: "1000" }, "SEAL_INTERVAL_MS=1000"]],
  "`FLEET`": [[{ FLEET: "open" }, "FLEET=open"]],
  "`WEBHOOK_PRIVATE`": [[{ WEBHOOK_PRIVATE: "allow" }, "WEBHOOK_PRIVATE=allow"]],
  [DOORLESS]: [
    [{ HOST: "127.0.0.1" }, "HOST=127.0.0.1"],
    [{ HOST: "0.0.0.0" }, "HOST=0.0.0.0"],
    [TLS, "TLS_CERT=/c.pem", "TLS_KEY=/k.pem"],
    [{ PUBLIC_URL: "https://twin.example" }, "PUBLIC_URL=https://twin.example"],
  ],
  "`PUBLIC_URL` without `TLS_CERT`": [
    [{ PORT: "0", PUBLIC_URL: "https://twin.example" }, "PUBLIC_URL=https://twin.example"],
  ],
};

/** Rows of the table under a heading of docs/running.md, as cells. */
function rowsUnder(heading: string): string[][] {
  const [, after = ""] = PAGE.split(`## ${heading}\n`);
  const [section = ""] = after.split("\n## ");
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("settings", () => {
  it("leave the fleet open only where no other machine is led to it, or where they say so", () => {
    const isOpen = (source: Record<string, string>): boolean => readConfig(source).openFleet;
    expect(isOpen({})).to.equal(true);
    expect(isOpen({ HOST: "::1", PUBLIC_URL: "http://localhost:8080" })).to.equal(true);
    expect(isOpen({ PUBLIC_URL: "https://twin.example" })).to.equal(false);
    expect(isOpen({ HOST: "10.0.0.5", ...TLS })).to.equal(false);
    expect(isOpen({ HOST: "10.0.0.5", ...TLS, FLEET: "open" })).to.equal(true);
    expect(isOpen({ FLEET: "signed-in" })).to.equal(false);
  });

  it("have defaults, and words come before the environment", () => {
    expect(refusedBy({})).to.deep.equal([]);
    expect(readConfig({}).ports).to.include({ http: 8080, mqtt: 1883, rpc: 8545 });
    expect(readConfig({ PORT: "9000", TWINWARD_DATA: "/a" }, { port: 9001, data: "/b" })).to.deep.include({
      data: "/b",
      ports: { ...readConfig({}).ports, http: 9001 },
    });
    expect(readConfig({ MQTT_PORT: "1884" }, { port: 0 }).ports).to.include({ http: 0, mqtt: 1884, rpc: 0 });
  });

  for (const [name, value] of [
    ["PORT", ""],
    ["PORT", "0x50"],
    ["PORT", "80.5"],
    ["PORT", "65536"],
    ["PORT", " 80"],
    ["MQTT_PORT", "-1"],
    ["SEAL_INTERVAL_MS", "1e3"],
    ["SEAL_INTERVAL_MS", "49"],
    ["ANCHOR_WITHIN_SECONDS", "86401"],
    ["LOG_LEVEL", "loud"],
    ["NODE_ENV", "prod"],
    ["RPC_URL", "ftp://127.0.0.1"],
    ["RPC_PLAIN_TEXT", "yes"],
    ["RPC_BLOCK_AGE_SECONDS", "86401"],
    ["RPC_PRICE_CEILING_GWEI", "-1"],
    ["DATABASE_URL", "mysql://127.0.0.1/x"],
    ["METRICS_PORT", "x"],
    ["TWINWARD_DATA", ""],
    ["ANVIL", ""],
    ["PUBLIC_URL", "twin.example"],
    ["PUBLIC_URL", "https://twin.example/path"],
    ["PUBLIC_URL", "https://user@twin.example"],
    ["TLS_CERT", ""],
    ["MQTT_URL", "tcp://127.0.0.1"],
  ] as const) {
    it(`refuse ${name}='${value}', with a line that would be taken`, () => {
      const [wrong, ...more] = refusedBy({ [name]: value });
      expect(more).to.deep.equal([]);
      const isSecret = describeSetting(name).secret === true;
      expect(wrong?.line).to.equal(`${name}=${isSecret ? "…" : value}`);
      expect(wrong?.problem).to.equal(`It takes ${describeSetting(name).takes}.`);
      const [change = ""] = (wrong?.change ?? "").split(", or unset");
      const [, instead = ""] = change.split(/=(.*)/s);
      const others = refusedBy({ [name]: instead }).filter(({ problem }) => !problem.startsWith("It means nothing"));
      expect(others).to.deep.equal([]);
    });
  }

  for (const [name, instead] of [
    ["TWINWARD_DIR", "unset TWINWARD_DIR"],
    ["TWINWARD_DATE", "TWINWARD_DATA=…, or unset TWINWARD_DATE"],
    ["SEAL_INTERVALL_MS", "SEAL_INTERVAL_MS=…, or unset SEAL_INTERVALL_MS"],
    ["seal_interval_ms", "SEAL_INTERVAL_MS=…, or unset seal_interval_ms"],
    ["DATABASE_URI", "DATABASE_URL=…, or unset DATABASE_URI"],
    ["DATABSAE_URL", "DATABASE_URL=…, or unset DATABSAE_URL"],
    ["LOGLEVEL", "LOG_LEVEL=…, or unset LOGLEVEL"],
    ["MQTT_HOST", "unset MQTT_HOST"],
    ["NODE_EVN", "NODE_ENV=…, or unset NODE_EVN"],
  ] as const) {
    it(`refuse the unknown ${name}, and do not repeat what it holds`, () => {
      const value = "postgres://user:hidden-word@host/name";
      expect(refusedBy({ [name]: value })).to.deep.equal([
        { line: `${name}=…`, problem: "There is no such setting.", change: instead },
      ]);
    });
  }

  it("leave alone what is somebody else's, and what the command line's other side takes", () => {
    const foreign = { PATH: "/bin", NODE_OPTIONS: "", LOG_FORMAT: "x", HOSTNAME: "h", PORTS: "1", CI: "true", A: "b" };
    expect(refusedBy({ ...foreign, ...Object.fromEntries(CLIENT_SETTINGS.map((name) => [name, "x"])) })).to.be.empty;
  });

  for (const [what, environment, words, ...lines] of Object.values(CONTRADICTIONS).flat()) {
    it(`refuse ${what}, and take each change that they propose`, () => {
      const wrong = refusedBy(environment, words);
      expect(wrong.map((one) => one.line)).to.deep.equal(lines);
      expect(JSON.stringify(wrong)).not.to.contain("hidden-word");
      for (const one of wrong) {
        // What else was refused has changes of its own.
        const rest = lines.filter((line) => line !== one.line);
        for (const change of one.change.split(", or ")) {
          const changed = refusedBy(withChange(environment, change), words).map(({ line }) => line);
          expect(rest, `${one.line} → ${change}`).to.include.members(changed);
        }
      }
    });
  }

  it("take TLS beyond loopback, under a name, and a broker by TLS", () => {
    const config = readConfig({ HOST: "0.0.0.0", PUBLIC_URL: "https://twin.example/", ...TLS });
    expect(config.publicUrl).to.equal("https://twin.example");
    expect(config.tls).to.deep.equal({ cert: "/c.pem", key: "/k.pem", clientCa: undefined });
    expect(readConfig({ HOST: "10.0.0.5", ...TLS }).host).to.equal("10.0.0.5");
    expect(readConfig({ PUBLIC_URL: "https://twin.example" }).tls, "TLS ends in front of us").to.equal(undefined);
    const broker = { MQTT_URL: "mqtts://b.example", MQTT_CERT: "/c.pem", MQTT_KEY: "/k.pem", MQTT_CA: "/a.pem" };
    expect(readConfig(broker).broker).to.deep.equal({
      url: "mqtts://b.example",
      cert: "/c.pem",
      key: "/k.pem",
      ca: "/a.pem",
    });
    expect(refusedBy({ MQTT_URL: "mqtt://127.0.0.1:1884", PORT: "1883" })).to.deep.equal([]);
  });

  it("take a node by TLS, on this machine, or by plain text where that is said", () => {
    for (const RPC_URL of [
      "https://n.example",
      "http://127.0.0.1:1,http://[::1]:1,http://localhost:1",
      "http://10.0.0.7",
    ])
      expect(refusedBy({ RPC_URL, RPC_PLAIN_TEXT: "allow" })).to.deep.equal([]);
    expect(refusedBy({ RPC_URL: "https://n.example,http://localhost:1" })).to.deep.equal([]);
    expect(refusedBy({ KEYS_MIRROR: "/data-mirror/keys", TWINWARD_DATA: "/data" })).to.deep.equal([]);
    expect(refusedBy({ KEYS_MIRROR: "/d/..keys", TWINWARD_DATA: "/d/data" })).to.deep.equal([]);
    expect(readConfig({ RPC_PRICE_CEILING_GWEI: "3" }).priceCeiling).to.equal(3_000_000_000n);
  });

  it("name everything that is wrong at once, as one error of the table", () => {
    try {
      readSettings({ PORT: "x", LOG_LEVEL: "loud", TWINWARD_X: "1" }, { data: "", port: 70_000 });
      expect.fail("it was taken");
    } catch (error) {
      if (!(error instanceof TwinwardError)) throw error;
      expect(error.code).to.equal("UNUSABLE_SETTING");
      expect(ERRORS[error.code].remedy).to.contain("docs/running.md");
      for (const line of ["PORT=x", "LOG_LEVEL=loud", "TWINWARD_X=…", "--data", "--port 70000"])
        expect(error.facts.detail).to.contain(`\n  ${line} `);
    }
  });
});

describe("settings of one more gateway", () => {
  const refused = (environment: Record<string, string>): readonly WrongSetting[] =>
    refusedBy(environment, {}, readGatewayConfig);

  it("open doors by PORT and METRICS_PORT, and none without", () => {
    expect(readGatewayConfig(SHARED).doors).to.deep.equal({ health: undefined, metrics: undefined });
    const open = {
      ...SHARED,
      PORT: "0",
      METRICS_PORT: "9464",
      HOST: "0.0.0.0",
      ...TLS,
      PUBLIC_URL: "https://g.example",
    };
    expect(readGatewayConfig(open).doors).to.deep.equal({ health: 0, metrics: 9464 });
    // Doors that only a server has are in nobody's way.
    for (const METRICS_PORT of ["1883", "8080", "8545"]) expect(refused({ ...SHARED, METRICS_PORT })).to.be.empty;
  });

  it("are as much as a server's, but for those that have no meaning", () => {
    const { KEYS_MIRROR, RPC_URL } = FILLED;
    const own = { KEYS_MIRROR, RPC_URL, RPC_BLOCK_AGE_SECONDS: "9", ANCHOR_WITHIN_SECONDS: "5", LOG_LEVEL: "info" };
    expect(refused({ ...SHARED, ...(own as Record<string, string>), NODE_ENV: "production" })).to.be.empty;
  });

  it("must name what it shares", () => {
    expect(refused({}).map(({ line }) => line)).to.deep.equal(["DATABASE_URL is not set", "MQTT_URL is not set"]);
    expect(refused({ ...SHARED, PORT: "9464", METRICS_PORT: "9464" }).map(({ line }) => line)).to.deep.equal([
      "METRICS_PORT=9464",
    ]);
    expect(refused({ ...SHARED, METRICS_PORT: "0", HOST: "10.0.0.5" }).map(({ line }) => line)).to.deep.equal([
      "HOST=10.0.0.5",
    ]);
  });

  for (const [environment, ...lines] of Object.values(UNMEANT).flat())
    it(`refuse ${lines.join(" and ")} without effect, and are taken without`, () => {
      const wrong = refused({ ...SHARED, ...environment });
      expect(wrong.map(({ line }) => line)).to.deep.equal(lines);
      const changed = wrong.reduce<NodeJS.ProcessEnv>(
        (before, { change }) => withChange(before as Record<string, string>, change),
        { ...SHARED, ...environment },
      );
      expect(refused(changed as Record<string, string>)).to.deep.equal([]);
    });
});

describe("docs/running.md", () => {
  it("has a row for every setting and none more, with what it takes and its default", () => {
    const rows = rowsUnder("Settings").map(([name, takes, byDefault]) => [name, takes, byDefault]);
    const expected = settingNames().map((name) => {
      const { takes, byDefault } = describeSetting(name);
      return [`\`${name}\``, takes, byDefault === undefined ? "–" : `\`${byDefault}\``];
    });
    expect(rows).to.deep.equal(expected);
    for (const name of CLIENT_SETTINGS) expect(PAGE).to.contain(`\`${name}\``);
  });

  it("says of each what it is for and what its danger is", () => {
    for (const [name = "", , , use = "", danger = ""] of rowsUnder("Settings")) {
      expect(use.length, `${name}: for`).to.be.greaterThan(10);
      expect(danger.length, `${name}: danger`).to.be.greaterThan(10);
    }
  });

  it("has a row for every contradiction that is refused here", () => {
    expect(rowsUnder("Contradictions").map(([together]) => together)).to.deep.equal(Object.keys(CONTRADICTIONS));
    for (const cases of Object.values(CONTRADICTIONS)) expect(cases.length).to.be.greaterThan(0);
  });

  it("has a row for every line that a gateway refuses without effect", () => {
    expect(rowsUnder("Lines of `gateway`").map(([refused]) => refused)).to.deep.equal(Object.keys(UNMEANT));
  });

  it("tells of every part of /readyz, and of no other", () => {
    const [, told = ""] = rowsUnder("Is it well?").find(([ask]) => ask === "`GET /readyz`") ?? [];
    const parts = [...told.matchAll(/`([a-z]+)` \(/g)].map(([, part]) => part);
    const checks = { ...readyChecks({} as ReadyParts), ...brokerCheck({ url: "", isListening: () => true }) };
    expect(parts.sort()).to.deep.equal(Object.keys(checks).sort());
  });

  it("has a row for every word of up", () => {
    const program = new Command();
    addUpCommand(program);
    const up = program.commands[0];
    const words = [...(up?.options ?? []).map(({ long }) => `\`${long ?? ""}\``), "`--json`"];
    expect(rowsUnder("Words of `up`").map(([word]) => word)).to.deep.equal(words);
  });

  it("knows every variable of the environment that the server and the command line read", () => {
    const known = new Set<string>([...Object.keys(SETTINGS.shape), ...CLIENT_SETTINGS]);
    const read = ownSources()
      .filter(({ file }) => /^(?:server|apps\/cli|protocol|ml|lab)\//.test(file))
      .flatMap(({ file, source }) =>
        [...source.matchAll(/\bprocess\.env(?:\.(\w+)|\["(\w+)"\])|\.env\("(\w+)"\)/g)].map(
          ([, one, other, third]) => [file, one ?? other ?? third ?? ""] as const,
        ),
      );
    expect(read.length).to.be.greaterThan(4);
    expect(read.filter(([, name]) => !known.has(name))).to.deep.equal([]);
  });
});
