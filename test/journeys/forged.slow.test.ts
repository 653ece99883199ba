import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { canonical } from "../../protocol/json.ts";
import { registerBedside } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

interface Verified {
  checks: { name: string; result: string; detail: string }[];
  outcome: string;
}

/** What one side hands out: a receipt, its anchors, its consortium. */
interface Papers {
  readonly receipt: string;
  readonly anchors: string;
  readonly trust: string;
}

describe("journey: a forger with everything of its own", () => {
  const journey = new Journey();
  let honest: Papers;
  let forged: Papers;
  let forger: Server;

  before(async () => {
    const [server, other] = await Promise.all([journey.up(journey.path("honest")), journey.up(journey.path("forger"))]);
    forger = other;
    [honest, forged] = await Promise.all([makePapers(server, "honest"), makePapers(forger, "forger")]);
    await server.stop();
  });
  after(() => journey.close());

  /** A registered device's reading, granted, read, and its receipt and anchors exported: all by the command line. */
  async function makePapers(server: Server, name: string): Promise<Papers> {
    const [device] = await registerBedside(server, 1);
    if (!device) throw new Error("no device");
    await server.client.postReadings([await device.next(), await device.next()]);
    await until("the readings are anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ anchoredSequence }) => anchoredSequence === 2) || undefined;
    });
    const at = ["--data", server.data, "--url", server.http];
    const key = journey.path(`${name}.key`);
    const reader = createAccountKey(key);
    const { twin } = await journey.ask<{ twin: Hex }>([
      "twin", "new", "--device", device.id, "--segments", "heart,spo2", ...at,
    ]); // prettier-ignore
    const terms = ["--twin", twin, "--reader", reader, "--purposes", "care", "--until", "+1h"];
    await journey.ask(["grant", "give", ...terms, ...at]);
    const receipt = journey.path(`${name}-receipt.json`);
    await journey.ask(["twin", "read", twin, "--key", key, "--receipt", receipt, "--url", server.http]);
    const trust = `${server.data}/consortium.json`;
    const anchors = journey.path(`${name}-anchors.json`);
    const by = ["--trust", trust, "--key", `${server.data}/keys/member.key`];
    await journey.ask(["anchors", "export", "--rpc", server.rpc, ...by, "--out", anchors]);
    return { receipt, anchors, trust };
  }

  async function verify(receipt: string, ...words: string[]): Promise<{ code: number | null; failed: string[] }> {
    const { code, out } = await journey.run(["verify", receipt, ...words, "--json"]);
    const { checks } = JSON.parse(out) as Verified;
    return { code, failed: checks.filter(({ result }) => result === "failed").map(({ name }) => name) };
  }

  it("is consistent in itself, by node and by file", async () => {
    for (const source of [
      ["--rpc", forger.rpc],
      ["--anchors", forged.anchors],
    ])
      expect(await verify(forged.receipt, "--trust", forged.trust, ...source)).to.deep.equal({ code: 0, failed: [] });
    expect(await verify(honest.receipt, "--trust", honest.trust, "--anchors", honest.anchors)).to.include({ code: 0 });
  });

  it("fails by contract and by device key where the consortium is the true one, whatever the source", async () => {
    const sources = [
      ["--rpc", forger.rpc],
      ["--anchors", forged.anchors],
      ["--anchors", honest.anchors],
    ];
    for (const source of sources) {
      const { code, failed } = await verify(forged.receipt, "--trust", honest.trust, ...source);
      expect(code, source.join(" ")).to.equal(1);
      expect(failed, source.join(" ")).to.include.members(["contracts", "device key"]);
    }
  });

  it("fails with the true contracts written into its receipt and anchors", async () => {
    const { chainId, genesis, contracts } = JSON.parse(readFileSync(honest.trust, "utf8")) as Consortium;
    const dressed = (file: string, change: (value: Record<string, unknown>) => object): string => {
      const out = `${file}.dressed`;
      writeFileSync(out, `${canonical(change(JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>))}\n`);
      return out;
    };
    const receipt = dressed(forged.receipt, (value) => ({ ...value, chain: { chainId, genesis, contracts } }));
    const anchors = dressed(forged.anchors, (value) => ({ ...value, chainId, genesis, contracts }));
    for (const source of [
      ["--rpc", forger.rpc],
      ["--anchors", anchors],
      ["--anchors", honest.anchors],
    ]) {
      const { code, failed } = await verify(receipt, "--trust", honest.trust, ...source);
      expect(code, source.join(" ")).to.equal(1);
      expect(failed, source.join(" ")).to.include.members(["device key", "device id", "batch anchored"]);
    }
  });

  it("says so in words, and marks the failed lines by shape", async () => {
    const { code, out } = await journey.run(["verify", forged.receipt, "--trust", honest.trust, "--rpc", forger.rpc]);
    expect(code).to.equal(1);
    expect(out).to.match(/^✖ contracts +failed: /m);
    expect(out).to.match(/^✖ device key +failed: /m);
    expect(out).to.contain("do not rely on it");
  });
});
