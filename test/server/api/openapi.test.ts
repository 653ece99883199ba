import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "chai";
import express, { type RequestHandler } from "express";
import { openFrontDoor, type FrontDoor } from "./front-door.ts";
import { mountedOf } from "./mounted.ts";

/** The headers, the log; then who finds nothing, and problems. */
const BESIDE = ["use helmetMiddleware", "use <anonymous>", "use notFound", "use <anonymous>"];

describe("/openapi.json", () => {
  let door: FrontDoor;
  let document: { paths: Record<string, Record<string, { security?: unknown }>> };
  before(async () => {
    door = await openFrontDoor(1_790_000_000);
    document = (await (await fetch(`${door.url}/openapi.json`)).json()) as typeof document;
  });
  after(() => door.close());

  it("is OpenAPI 3.1 by an independent validator", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect(errors).to.equal(undefined);
    expect(valid).to.equal(true);
    expect(validator.version).to.equal("3.1");
  });

  it("describes every route that Express has, and no other", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
    );
    const mounted = door.mounted();
    expect(mounted.filter((one) => !one.startsWith("use "))).to.have.members(described);
    expect(mounted.filter((one) => one.startsWith("use "))).to.deep.equal(BESIDE);
    expect(described.length).to.be.greaterThan(15);
  });

  it("sees a route wherever it may be: by itself, in a router, as a function for whatever comes", () => {
    const app = express();
    const answer: RequestHandler = (_, response) => void response.end();
    app.get("/aside", answer);
    const router = express.Router();
    router.post("/within", answer);
    app.use("/v2", router);
    app.use(function everything(_request, response) {
      response.end();
    });
    expect(mountedOf(app)).to.deep.equal(["get /aside", "post /within", "use everything"]);
  });

  it("tells which paths need a session: all others answer without one", async () => {
    for (const [path, { get }] of Object.entries(document.paths)) {
      if (!get) continue;
      const response = await fetch(`${door.url}${path.replace(/\{\w+\}/g, `0x${"12".repeat(32)}`)}`);
      expect(response.status === 401, path).to.equal(get.security !== undefined);
    }
  });
});
