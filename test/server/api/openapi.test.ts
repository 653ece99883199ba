import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "chai";
import { openFrontDoor, type FrontDoor } from "./front-door.ts";

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
    expect(door.mounted()).to.have.members(described);
    expect(described.length).to.be.greaterThan(15);
  });

  it("tells which paths need a session: all others answer without one", async () => {
    for (const [path, { get }] of Object.entries(document.paths)) {
      if (!get) continue;
      const response = await fetch(`${door.url}${path.replace(/\{\w+\}/g, `0x${"12".repeat(32)}`)}`);
      expect(response.status === 401, path).to.equal(get.security !== undefined);
    }
  });
});
