import { expect } from "chai";
import { isDeepStrictEqual } from "node:util";
import { PatientDevice, readyOf } from "../faults/patient-device.ts";
import { startStoppableChain, STOPS, type StoppableChain } from "../faults/stoppable-chain.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

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
  let chain: StoppableChain;
  let server: Server;
  let patient: PatientDevice;

  before(async () => {
    chain = await startStoppableChain();
    environment = {
      RPC_URL: chain.url,
      RPC_BLOCK_AGE_SECONDS: String(STALE_AFTER),
      ANCHOR_WITHIN_SECONDS: String(PROMISED_SECONDS),
    };
    server = await journey.up(data, environment);
    patient = await PatientDevice.register(server);
  });
  after(async () => {
    await journey.close();
    await chain.close();
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

  for (const { what, code, stop, goOn } of STOPS) {
    it(`names the chain while it ${what}, the anchor once a promise is broken, and nothing when it goes on`, async () => {
      await stop(chain);
      await acked();
      await says({ chain: code });
      await says({ chain: code, anchor: "ANCHOR_LATE" });
      await goOn(chain);
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
