import { expect } from "chai";
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addUpCommand } from "../../../apps/cli/commands/up.ts";
import { ERRORS, TwinwardError } from "../../../protocol/errors.ts";
import { ownSources } from "../../../scripts/checks/imports.ts";
import { readConfig, type Overrides } from "../../../server/config/config.ts";
import { SettingsRefused, type WrongSetting } from "../../../server/config/refuse.ts";
import { CLIENT_SETTINGS, describeSetting, settingNames, SETTINGS } from "../../../server/config/settings.ts";
import { readSettings } from "../../../server/main/settings.ts";

const PAGE = readFileSync(new URL("../../../docs/running.md", import.meta.url), "utf8");

const TLS = { TLS_CERT: "/c.pem", TLS_KEY: "/k.pem" };

function refusedBy(environment: NodeJS.ProcessEnv, words: Overrides = {}): readonly WrongSetting[] {
  try {
    readConfig(environment, words);
  } catch (error) {
    if (error instanceof SettingsRefused) return error.wrong;
    throw error;
  }
  return [];
}

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
    ["TWINWARD_DATA", ""],
    ["ANVIL", ""],
    ["PUBLIC_URL", "twin.example"],
    ["PUBLIC_URL", "https://twin.example/path"],
    ["PUBLIC_URL", "https://user@twin.example"],
    ["TLS_CERT", ""],
    ["MQTT_URL", "tcp://127.0.0.1"],
  ] as const) {
    it(`refuse ${name}='${value}', with a line that would be taken`, () => {
      const [wrong, ...others] = refusedBy({ [name]: value });
      expect(others).to.deep.equal([]);
      const isSecret = describeSetting(name).secret === true;
      expect(wrong?.line).to.equal(`${name}=${isSecret ? "…" : value}`);
      expect(wrong?.problem).to.equal(`It takes ${describeSetting(name).takes}.`);
      const [change = ""] = (wrong?.change ?? "").split(", or unset");
      const [, instead = ""] = change.split(/=(.*)/s);
      expect(refusedBy({ [name]: instead }).filter(({ problem }) => problem.startsWith("It takes"))).to.deep.equal([]);
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

  for (const [what, environment, words, line] of [
    ["HOST beyond loopback", { HOST: "0.0.0.0" }, {}, "HOST=0.0.0.0"],
    ["HOST that names nobody", { HOST: "0.0.0.0", ...TLS }, {}, "HOST=0.0.0.0"],
    ["a certificate without its key", { TLS_CERT: "/c.pem" }, {}, "TLS_CERT=/c.pem"],
    ["a key without its certificate", { TLS_KEY: "/k.pem" }, {}, "TLS_KEY=/k.pem"],
    ["an authority for nobody", { TLS_CLIENT_CA: "/a.pem" }, {}, "TLS_CLIENT_CA=/a.pem"],
    ["a plain name", { PUBLIC_URL: "http://twin.example" }, {}, "PUBLIC_URL=http://twin.example"],
    ["a plain name with TLS", { PUBLIC_URL: "http://localhost", ...TLS }, {}, "PUBLIC_URL=http://localhost"],
    ["a broker in the open", { MQTT_URL: "mqtt://u:hidden-word@broker.example" }, {}, "MQTT_URL=…"],
    ["a certificate in plain text", { MQTT_URL: "mqtt://127.0.0.1", MQTT_CA: "/a.pem" }, {}, "MQTT_URL=…"],
    ["half a pair for a broker", { MQTT_URL: "mqtts://b.example", MQTT_KEY: "/k.pem" }, {}, "MQTT_KEY=/k.pem"],
    ["an authority for no broker", { MQTT_CA: "/a.pem" }, {}, "MQTT_CA=/a.pem"],
    ["MQTT_PORT with MQTT_URL", { MQTT_URL: "mqtts://b.example", MQTT_PORT: "1884" }, {}, "MQTT_PORT=1884"],
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
    ["one port for two doors", { PORT: "1883" }, {}, "MQTT_PORT=1883"],
    ["one port for two doors, by a word", {}, { port: 8545 }, "RPC_PORT=8545"],
    ["RPC_PORT with RPC_URL", { RPC_PORT: "8545", RPC_URL: "http://127.0.0.1:1" }, {}, "RPC_PORT=8545"],
    ["a node of another machine by plain text", { RPC_URL: "http://n.example/hidden-word" }, {}, "RPC_URL=…"],
    ["one of several nodes by plain text", { RPC_URL: "https://m.example, http://10.0.0.7:8545" }, {}, "RPC_URL=…"],
    [
      "a promise that cannot be kept",
      { SEAL_INTERVAL_MS: "60000", ANCHOR_WITHIN_SECONDS: "60" },
      {},
      "ANCHOR_WITHIN_SECONDS=60",
    ],
  ] as const) {
    it(`refuse ${what}`, () => {
      const wrong = refusedBy(environment, words);
      expect(wrong.map((one) => one.line)).to.deep.equal([line]);
      expect(JSON.stringify(wrong)).not.to.contain("hidden-word");
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
