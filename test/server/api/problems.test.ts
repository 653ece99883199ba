import { expect } from "chai";
import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ERRORS, TwinwardError, type ErrorCode } from "../../../protocol/errors.ts";
import { problems } from "../../../server/api/problems.ts";
import { wordOf } from "../../helpers/bedside-device.ts";
import { openFrontDoor, WrittenDevice } from "./front-door.ts";
import { named } from "./written-chain.ts";

describe("a refusal because there were too many", () => {
  it("says when to come again, whatever there were too many of", async () => {
    const codes = Object.entries(ERRORS).flatMap(([code, { status }]) => (status === 429 ? [code as ErrorCode] : []));
    expect(codes).to.include.members(["SIGN_INS_TOO_MANY", "STREAMS_TOO_MANY"]);
    const log = { info: () => undefined, error: () => undefined };
    const app = express()
      .get("/:code", (request) => {
        throw new TwinwardError(request.params.code as ErrorCode, { retryAfterSeconds: 7 });
      })
      .use(problems(log));
    const server = createServer(app).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const later: [string, string | null][] = [];
    for (const code of codes) later.push([code, (await fetch(`${url}/${code}`)).headers.get("retry-after")]);
    expect(later).to.deep.equal(codes.map((code) => [code, "7"]));
    server.close();
  });
});

describe("more readings than the gateway can take", () => {
  it("are refused together, with Retry-After in whole seconds, and taken when fewer come", async () => {
    const door = await openFrontDoor(1_790_000_000, { maxWaiting: { readings: 2 } });
    try {
      const device = new WrittenDevice(door, named("steward", 20));
      const readings = [await device.read(), await device.read(), await device.read()];
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ readings });
      const response = await fetch(`${door.url}/v1/readings`, { method: "POST", headers, body });
      expect(response.status).to.equal(503);
      expect(response.headers.get("content-type")).to.match(/^application\/problem\+json\b/);
      expect(response.headers.get("retry-after")).to.match(/^[1-9]\d*$/);
      expect(await response.json()).to.include({ status: 503, code: "OVERLOADED" });
      expect(await door.database.query("select * from leaf")).to.deep.equal([]);
      const client = door.clientOf();
      expect((await client.postReadings(readings.slice(0, 2))).map(wordOf)).to.deep.equal(["ack 1", "ack 2"]);
      expect((await client.postReadings(readings.slice(2))).map(wordOf)).to.deep.equal(["ack 3"]);
    } finally {
      await door.close();
    }
  });
});
