import { expect } from "chai";
import { Wallet } from "ethers";
import { createAccountKey, readAccountKey } from "../../apps/cli/key-file.ts";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { startBareAnvil, type BareAnvil } from "../faults/bare-anvil.ts";
import { HONEST, startFaultyNode, type FaultyNode } from "../faults/faulty-node.ts";
import { BedsideDevice, registerBedside } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

describe("journey: a chain that nobody can see", function () {
  this.timeout(110_000);
  const journey = new Journey();
  let anvil: BareAnvil;
  let node: FaultyNode;
  let server: Server;
  let twin: Hex;
  let readers: { clinician: Client; nurse: Client };

  before(async () => {
    anvil = await startBareAnvil();
    node = await startFaultyNode(anvil.url);
    server = await journey.up(journey.path("data"), { RPC_URL: node.url });
    const [registered] = await registerBedside(server, 1);
    if (!registered) return expect.fail("no device");
    const device = new BedsideDevice(registered.id, registered.key);
    await server.client.postReadings([await device.next(), await device.next()]);
    const at = { url: server.http, stewardKey: `${server.data}/keys/steward.key` };
    twin = await createTwin({ ...at, device: device.id, segments: ["heart"], name: "bedside" });
    const ends = Date.now() + 3_600_000;
    const give = async (name: string): Promise<{ grant: Hex; client: Client }> => {
      const file = journey.path(`${name}.key`);
      const reader = createAccountKey(file);
      const grant = await giveGrant({ ...at, twin, reader, purposes: ["care"], until: ends });
      const client = connect({ url: server.http, signer: new Wallet(toHex(readAccountKey(file))) });
      return { grant, client };
    };
    const [clinician, nurse] = [await give("clinician"), await give("nurse")];
    readers = { clinician: clinician.client, nurse: nurse.client };
    const steward = ["--data", server.data, "--url", server.http];
    const on = await journey.ask(["grant", "continuity", clinician.grant, ...steward]);
    expect(on).to.deep.equal({ grant: clinician.grant, continuity: true });
  });
  after(async () => {
    await journey.close();
    await node.close();
    await anvil.close();
  });

  const codeFor = (client: Client): Promise<string> =>
    client.history(twin, { purpose: "care" }).then(
      ({ readings }) => `${readings.length} readings`,
      (error: { code: string }) => error.code,
    );

  it("lets nobody in but by a grant with continuity, and everybody again when it is back", async () => {
    for (const client of Object.values(readers)) expect(await codeFor(client)).to.equal("2 readings");
    node.behaviour = async () => "cut";
    await until("the chain is missed", async () => (await codeFor(readers.nurse)) === "CHAIN_UNAVAILABLE" || undefined);
    expect(await codeFor(readers.clinician)).to.equal("2 readings");
    for (const path of [
      `/v1/decisions?twin=${twin}`,
      `/v1/decisions/explain?twin=${twin}`,
      `/v1/twins/${twin}/readers`,
    ]) {
      const { token } = await readers.clinician.login();
      const response = await fetch(server.http + path, { headers: { authorization: `Bearer ${token}` } });
      expect(response.status, path).to.equal(503);
    }
    node.behaviour = HONEST;
    await until("the chain is seen again", async () => (await codeFor(readers.nurse)) === "2 readings" || undefined);
    const { decisions } = await readers.clinician.decisions(twin);
    expect(decisions.filter(({ record }) => record.notSeenSince !== undefined)).to.have.length(1);
  });
});
