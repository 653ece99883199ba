import { expect } from "chai";
import { isDeepStrictEqual } from "node:util";
import { startBareAnvil, type BareAnvil } from "../faults/bare-anvil.ts";
import { HONEST, startFaultyNode, type FaultyNode } from "../faults/faulty-node.ts";
import { PatientDevice, readyOf } from "../faults/patient-device.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { rpc } from "../server/chain/ask.ts";

/** Seconds after which a chain that makes no block is not believed any more. */
const STALE_AFTER = 8;
/** Longer, so that a stale chain is seen while every promise still holds. */
const PROMISED_SECONDS = 30;
const WELL = { chain: "ok", database: "ok", anchor: "ok", keys: "ok", disk: "ok" };

describe("journey: /readyz of a server whose chain is cut, or stands still", function () {
  this.timeout(300_000);
  const journey = new Journey();
  const data = journey.path("data");
  const acksFile = journey.path("acks");
  let environment: Record<string, string>;
  let anvil: BareAnvil;
  let node: FaultyNode;
  let server: Server;
  let patient: PatientDevice;

  before(async () => {
    anvil = await startBareAnvil();
    await rpc(anvil.url, "evm_setIntervalMining", 1);
    node = await startFaultyNode(anvil.url);
    environment = {
      RPC_URL: node.url,
      RPC_BLOCK_AGE_SECONDS: String(STALE_AFTER),
      ANCHOR_WITHIN_SECONDS: String(PROMISED_SECONDS),
    };
    server = await journey.up(data, environment);
    patient = await PatientDevice.register(server);
  });
  after(async () => {
    await journey.close();
    await node.close();
    await anvil.close();
  });

  /** Asks until exactly these parts are not well; the process lives in any case. */
  async function says(ill: Readonly<Record<string, string>>): Promise<void> {
    const parts = { ...WELL, ...ill };
    let last: unknown;
    await until(
      `/readyz says ${JSON.stringify(ill)}`,
      async () => {
        last = await readyOf(server);
        return isDeepStrictEqual(last, parts) || undefined;
      },
      90_000,
      () => last,
    );
    expect((await fetch(new URL("/healthz", server.http))).status).to.equal(200);
  }

  const acked = async (): Promise<void> => {
    expect(await patient.send()).to.equal(undefined);
  };
  /** Whether in time or late. */
  const anchored = (): Promise<true> =>
    until("all that was acked is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.every(({ anchoredSequence }) => anchoredSequence === patient.acks.length) || undefined;
    });

  it("is ready while the chain goes on", async () => {
    await acked();
    await patient.anchored();
    await says({});
  });

  for (const [what, code, stop, goOn] of [
    [
      "is cut",
      "CHAIN_UNAVAILABLE",
      async () => void (node.behaviour = async () => "cut"),
      async () => void (node.behaviour = HONEST),
    ],
    [
      "stands still",
      "CHAIN_STALE",
      () => rpc(anvil.url, "evm_setIntervalMining", 0),
      () => rpc(anvil.url, "evm_setIntervalMining", 1),
    ],
  ] as const) {
    it(`names the chain while it ${what}, the anchor once a promise is broken, and nothing when it goes on`, async () => {
      await stop();
      await acked();
      await says({ chain: code });
      await says({ chain: code, anchor: "ANCHOR_LATE" });
      await goOn();
      await anchored();
      await says({});
      await acked();
      await anchored();
    });
  }

  it("has lost nothing of what it acked", async () => {
    patient.keepAcks(acksFile);
    const counted = await auditPasses(journey, data, acksFile, environment);
    expect(counted.get("acks of devices")).to.equal(patient.acks.length);
  });
});
