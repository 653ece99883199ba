import { expect } from "chai";
import { join } from "node:path";
import { openClient } from "../../apps/cli/server.ts";
import type { ListedDevice } from "../../apps/sdk/answers.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

const BEDS = 8;

describe("journey: the simulated ward", () => {
  const journey = new Journey();
  const data = journey.path("data");
  let first: readonly ListedDevice[];
  after(() => journey.close());

  /** Waits until every bed has anchored readings beyond those of `before`. */
  const anchoredBeyond = (server: Server, before: readonly ListedDevice[]): Promise<readonly ListedDevice[]> =>
    until(
      "every bed's readings are anchored",
      async () => {
        const { devices } = await server.client.devices();
        const beyond = devices.filter(
          ({ id, anchoredSequence }) => anchoredSequence > (before.find((one) => one.id === id)?.sequence ?? 0),
        );
        return beyond.length >= BEDS ? devices : undefined;
      },
      60_000,
    );

  it("plays eight monitors, anchors them, shows the console, and ends with Ctrl-C", async () => {
    const server = await journey.up(data, {}, ["--demo"]);
    first = await anchoredBeyond(server, []);
    expect(first).to.have.length(BEDS);
    const answer = await fetch(`${server.http}/v1/anchors`);
    const { anchors } = (await answer.json()) as { anchors: { root: string }[] };
    expect(anchors.length).to.be.greaterThan(0);
    for (const { root } of anchors) expect(root).to.match(/^0x[0-9a-f]{64}$/);
    expect((await fetch(`${server.http}/healthz`)).status).to.equal(200);
    expect((await fetch(`${server.http}/readyz`)).status).to.equal(200);
    const steward = openClient(server.http, join(data, "keys/steward.key"));
    const { emergencies } = await until("there is a glass to break", async () => {
      const found = await steward.openings();
      return found.emergencies.length > 0 ? found : undefined;
    });
    expect(emergencies).to.have.length(1);

    server.interrupt();
    const { code, err } = await server.ended;
    expect([code, err]).to.deep.equal([0, ""]);
    await journey.nothingRuns();
  });

  it("goes on from the same data: the same beds, their sequences, the same anchors before the new ones", async () => {
    const server = await journey.up(data, {}, ["--demo"]);
    const devices = await anchoredBeyond(server, first);
    expect(devices.map(({ id }) => id).sort()).to.deep.equal(first.map(({ id }) => id).sort());
    await readAnchors(server.client);
    await auditPasses(journey, data);
    server.interrupt();
    const { code, err } = await server.ended;
    expect([code, err]).to.deep.equal([0, ""]);
    await journey.nothingRuns();
    await auditPasses(journey, data);
  });

  it("ends as cleanly with Ctrl-C while it is starting", async () => {
    const going = journey.start(["up", "--data", data, "--port", "0", "--json", "--demo"]);
    await until(
      "its chain runs",
      async () => journey.processes().some(({ command }) => command.includes("anvil --ipc")) || undefined,
    );
    going.interrupt();
    const { code, err } = await going.ended;
    expect([code, err]).to.deep.equal([0, ""]);
    await journey.nothingRuns();
    await auditPasses(journey, data);
  });
});
