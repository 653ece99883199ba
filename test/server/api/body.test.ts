import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express, { type ErrorRequestHandler } from "express";
import { TwinwardError } from "../../../protocol/errors.ts";
import { BodyRoom, takeBody } from "../../../server/api/body.ts";

const tell: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  response.status(503).send(error instanceof TwinwardError ? error.code : String(error));
};

describe("bodies of requests", () => {
  let server: Server;
  before(async () => {
    const app = express();
    app.post("/", takeBody(1_000, new BodyRoom(1_500)), (_request, response) => void response.send("taken"));
    app.use(tell);
    server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => void server.closeAllConnections());
  after(() => new Promise((resolve) => server.close(resolve)));

  /** Begins to send 900 bytes, and leaves the last one out. */
  const begin = (): ClientRequest => {
    const asked = request({
      port: (server.address() as AddressInfo).port,
      host: "127.0.0.1",
      method: "POST",
      agent: false,
      headers: { "content-length": "900" },
    });
    asked.on("error", () => undefined);
    asked.write("x".repeat(899));
    return asked;
  };
  const answerTo = async (asked: ClientRequest): Promise<string> => {
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return text;
  };

  it("are refused beyond what all of them together may hold, until others are answered or gone", async () => {
    const first = begin();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await answerTo(begin())).to.equal("OVERLOADED");
    const taken = answerTo(first);
    first.end("x");
    expect(await taken).to.equal("taken");

    const left = begin();
    await new Promise((resolve) => setTimeout(resolve, 100));
    left.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const next = begin();
    const answer = answerTo(next);
    next.end("x");
    expect(await answer).to.equal("taken");
  });
});
