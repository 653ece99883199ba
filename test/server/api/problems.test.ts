import { expect } from "chai";
import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ERRORS, TwinwardError, type ErrorCode } from "../../../protocol/errors.ts";
import { problems } from "../../../server/api/problems.ts";

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
