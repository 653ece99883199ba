import { readdirSync } from "node:fs";
import { join } from "node:path";
import { auditPasses } from "../helpers/audit-journey.ts";
import { Journey, MONITOR_MAP, until } from "../helpers/journey.ts";
import { writeWardCsv } from "../helpers/ward-csv.ts";
import { startBareAnvil, type BareAnvil } from "./bare-anvil.ts";
import { HONEST, startFaultyNode, type FaultyNode } from "./faulty-node.ts";

function deviceFile(directory: string): string {
  const [name] = readdirSync(directory).filter((one) => one.endsWith(".json"));
  if (name === undefined) throw new Error("no device was made");
  return join(directory, name);
}

describe("faults: a server on another's chain, by RPC_URL with two nodes", function () {
  this.timeout(180_000);
  const journey = new Journey();
  let anvil: BareAnvil;
  let nodes: FaultyNode[];
  before(async () => {
    anvil = await startBareAnvil();
    nodes = [await startFaultyNode(anvil.url), await startFaultyNode(anvil.url)];
  });
  after(async () => {
    await journey.close();
    for (const node of nodes) await node.close();
    await anvil.close();
  });

  it("anchors a replay while one node is away, passes the audit, and starts again with the other", async () => {
    const [data, acks, csv] = [journey.path("data"), journey.path("acks"), journey.path("ward.csv")];
    const environment = { RPC_URL: nodes.map(({ url }) => url).join(",") };
    writeWardCsv(csv, 10, "rpc");
    const where = ["--data", data, "--acks", acks, "--csv", csv, "--map", MONITOR_MAP];
    // Whoever registers a device asks the first node only: so that one is there when it is done, and away the second time.
    for (const away of [1, 0]) {
      for (const [n, node] of nodes.entries()) node.behaviour = n === away ? async () => "cut" : HONEST;
      const server = await journey.up(data, environment);
      const device = away === 1 ? [] : ["--device", deviceFile(`${data}/devices`)];
      await journey.ask(["device", "replay", "--url", server.http, ...where, ...device]);
      await until("all is anchored", async () => {
        const { devices } = await server.client.devices();
        return devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence) || undefined;
      });
      await auditPasses(journey, data, acks, environment);
      await server.stop();
    }
    await auditPasses(journey, data, acks, environment);
  });
});
