import { expect } from "chai";
import { Wallet } from "ethers";
import { createAccountKey, readAccountKey } from "../../apps/cli/key-file.ts";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { actAs } from "../../apps/cli/server.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import type { StreamEvent } from "../../apps/sdk/stream.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { startBareAnvil, type BareAnvil } from "../faults/bare-anvil.ts";
import { HONEST, startFaultyNode, type FaultyNode } from "../faults/faulty-node.ts";
import { BedsideDevice, registerBedside } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

/** The next event of a kind; those of others are passed over. */
async function next<T extends StreamEvent["type"]>(
  stream: AsyncGenerator<StreamEvent>,
  type: T,
): Promise<Extract<StreamEvent, { type: T }>> {
  for (;;) {
    const taken = await stream.next();
    if (taken.done === true) return expect.fail(`ended before ${type}`);
    if (taken.value.type === type) return taken.value as Extract<StreamEvent, { type: T }>;
  }
}

describe("journey: a chain that nobody can see", () => {
  const journey = new Journey();
  let anvil: BareAnvil;
  let node: FaultyNode;
  let server: Server;
  let twin: Hex;
  let nurseGrant: Hex;
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
    nurseGrant = nurse.grant;
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
    const streams = { clinician: readers.clinician.stream(twin), nurse: readers.nurse.stream(twin) };
    for (const stream of Object.values(streams)) await next(stream, "live");
    node.behaviour = async () => "cut";
    // A live stream goes on by a decision of its own that says so, or ends.
    await next(streams.clinician, "lease");
    expect((await next(streams.nurse, "broken")).error.code).to.equal("CHAIN_UNAVAILABLE");
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
    const { token } = await readers.nurse.login();
    for (const door of ["history", "state", "export", "stream"]) {
      const asked = await fetch(`${server.http}/v1/twins/${twin}/${door}?purpose=care`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(asked.status, door).to.equal(503);
      await asked.body?.cancel();
    }
    node.behaviour = HONEST;
    for (const stream of Object.values(streams)) {
      await next(stream, "lease");
      await stream.return(undefined);
    }
    await until("the chain is seen again", async () => (await codeFor(readers.nurse)) === "2 readings" || undefined);
    const { decisions } = await readers.clinician.decisions(twin);
    expect(decisions.filter(({ record }) => record.notSeenSince !== undefined)).to.have.length(2);
  });

  it("ends a live stream within a second of the block that revokes its grant", async () => {
    const stream = readers.nurse.stream(twin);
    await next(stream, "live");
    const held = (await readers.nurse.twins()).flatMap(({ grants }) => grants).find((one) => one.grant === nurseGrant);
    if (!held) return expect.fail("no grant");
    const key = { ...held, twin, nonce: BigInt(held.nonce) };
    await actAs(server.client, `${server.data}/keys/steward.key`, (steward) => steward.revoke(key));
    const mined = performance.now();
    expect(await next(stream, "reading").catch((error: { code: string }) => error.code)).to.equal("GRANT_REVOKED");
    expect(performance.now() - mined).to.be.lessThan(1_000);
  });
});
