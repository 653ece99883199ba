import { expect } from "chai";
import { Contract, JsonRpcProvider, Wallet } from "ethers";
import { grantRegistryAbi } from "../../protocol/abi/GrantRegistry.ts";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { signAct } from "../../apps/sdk/signing-acts.ts";
import { toHex, ZERO_32 } from "../../protocol/bytes.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import {
  admitted,
  allDoors,
  everyDoor,
  expectNoOtherDoor,
  grantOffline,
  type Admitted,
} from "../helpers/every-door.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

const isOpen = (told: Record<string, string>): boolean => Object.values(told).every((code) => code === "data");
/** Within which a mined revocation is to be denied at every door, and how often a machine that is busy with other things may try. */
const WITHIN_MS = 1_000;
const TRIES = 3;

describe("journey: a revocation by a wallet that the server does not know of", () => {
  const journey = new Journey();
  let server: Server;
  let reader: Admitted;
  let other: Admitted;

  before(async () => {
    server = await journey.up(journey.path("data"));
    [reader, other] = [await admitted(journey, server), await admitted(journey, server)];
  });
  after(() => journey.close());

  /** The steward's, by a raw transaction at the node's door: neither our server nor our command line is asked. */
  async function revokeByWallet(): Promise<number> {
    const provider = new JsonRpcProvider(server.rpc, undefined, { batchMaxCount: 1 });
    provider.pollingInterval = 20;
    try {
      const wallet = new Wallet(toHex(readAccountKey(`${server.data}/keys/steward.key`)), provider);
      const { contracts } = await server.client.consortium();
      const grants = new Contract(contracts.GrantRegistry, grantRegistryAbi, wallet);
      const [held] = (await reader.client.twins())
        .flatMap(({ grants: given }) => given)
        .filter(({ grant }) => grant === reader.grant);
      const source = { grantor: held?.grantor, parent: ZERO_32, nonce: BigInt(held?.nonce ?? "0") };
      const sent = await grants
        .getFunction("revoke")
        .send(reader.twin, reader.reader, source, { gasPrice: 0, type: 0 });
      await sent.wait();
      return performance.now();
    } finally {
      provider.destroy();
    }
  }

  it("every door is open to a grant that was signed offline and sent by a stranger", async () => {
    await expectNoOtherDoor(server);
    expect(await everyDoor(reader)).to.deep.equal(allDoors("data"));
  });

  /** ms from the block of a revocation until every door has denied. */
  async function closing(): Promise<number> {
    const mined = await revokeByWallet();
    const closed = new Map<string, number>();
    await until("every door is closed", async () => {
      for (const [door, told] of Object.entries(await everyDoor(reader)))
        if (told === "GRANT_REVOKED" && !closed.has(door)) closed.set(door, performance.now() - mined);
      return closed.size === Object.keys(allDoors("")).length || undefined;
    });
    return Math.max(...closed.values());
  }

  async function reopened(): Promise<void> {
    const grant = await grantOffline(journey, server, reader.twin, reader.reader);
    reader = { ...reader, grant };
    await until("it reads again", async () => isOpen(await everyDoor(reader)) || undefined);
  }

  it("closes every door within a second of its block", async () => {
    const took = [await closing()];
    while (Math.min(...took) > WITHIN_MS && took.length < TRIES) {
      await reopened();
      took.push(await closing());
    }
    console.log(`      revocation mined → denied at every door: ${took.map((ms) => ms.toFixed(0)).join(", ")} ms`);
    expect(Math.min(...took)).to.be.at.most(WITHIN_MS);
  });

  /** Signed by the steward, brought by somebody else, sent and paid for by the server. */
  async function revokeByRelay({ client, grant }: Admitted): Promise<void> {
    const consortium = await server.client.consortium();
    const steward = new Wallet(toHex(readAccountKey(`${server.data}/keys/steward.key`)));
    const said = { grant, deadline: Math.floor(Date.now() / 1_000) + 600 };
    const act = await signAct({ format: "revocation@1", said }, steward, consortium);
    expect((await client.relay(act)).transaction).to.be.a("string");
  }

  it("is still there when everything was killed the moment it was mined, whoever sent it", async () => {
    await reopened();
    await revokeByWallet();
    await revokeByRelay(other);
    for (const { pid } of journey.processes()) process.kill(pid, "SIGKILL");
    await server.stop("SIGKILL");
    server = await journey.up(server.data, {
      PORT: new URL(server.http).port,
      MQTT_PORT: "0",
      RPC_PORT: "0",
    });
    // A door may say for a moment that it does not see the chain yet; what it never says is what was revoked.
    await until("every door knows it", async () => {
      const told = [reader, other].map(async (one) => Object.values(await everyDoor(one)));
      const codes = (await Promise.all(told)).flat();
      expect(codes).not.to.include("data");
      return codes.every((code) => code === "GRANT_REVOKED") || undefined;
    });
    await auditPasses(journey, server.data);
  });
});
