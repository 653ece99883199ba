import { expect } from "chai";
import fc from "fast-check";
import { request } from "node:http";
import { ERRORS, type ErrorCode } from "../../../protocol/errors.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const JSON_TYPE = { "content-type": "application/json" };

describe("hostile input at the front door", () => {
  let door: FrontDoor;
  let token: string;
  const twin = named("some twin");

  before(async () => {
    door = await openFrontDoor(START);
    token = (await door.reader.client.login()).token;
  });
  after(() => door.close());

  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = JSON_TYPE) =>
    fetch(door.url + path, { method: "POST", body, headers });
  const get = (path: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }) =>
    fetch(door.url + path, { headers });

  async function expectProblem(response: Response, code: ErrorCode): Promise<void> {
    const body = (await response.json()) as Record<string, unknown>;
    expect(body.code, JSON.stringify(body)).to.equal(code);
    expect(response.status).to.equal(ERRORS[code].status);
    expect(response.headers.get("content-type")).to.match(/^application\/problem\+json/);
    expect(body).to.include.keys("type", "title", "status", "code", "detail", "remedy");
    expect(body.type).to.equal(`urn:twinward:error:${code}`);
  }

  const bodies: [string, string | Uint8Array<ArrayBuffer>, ErrorCode][] = [
    ["nothing", "", "JSON_MALFORMED"],
    ["no JSON", "{", "JSON_MALFORMED"],
    ["text after the value", '{"readings":[]} x', "JSON_MALFORMED"],
    ["a member twice", '{"readings":["a"],"readings":["b"]}', "JSON_MEMBER_DUPLICATE"],
    ["a member twice, deep inside", '{"readings":[{"a":1,"a":2}]}', "JSON_MEMBER_DUPLICATE"],
    ["an unknown member", '{"readings":["a"],"force":true}', "MALFORMED_REQUEST"],
    ["__proto__", '{"readings":["a"],"__proto__":{"x":1}}', "MALFORMED_REQUEST"],
    ["no list", '{"readings":"a"}', "MALFORMED_REQUEST"],
    ["an empty list", '{"readings":[]}', "MALFORMED_REQUEST"],
    ["no text", '{"readings":[7]}', "MALFORMED_REQUEST"],
    ["another value", "null", "MALFORMED_REQUEST"],
    ["too many", JSON.stringify({ readings: Array(1025).fill("") }), "MALFORMED_REQUEST"],
    ["too deep", `{"readings":${"[".repeat(5000)}${"]".repeat(5000)}}`, "JSON_MALFORMED"],
    ["a number that no double holds", '{"readings":[1e999]}', "JSON_MALFORMED"],
    ["a lone surrogate", '{"readings":["\\ud800"]}', "JSON_MALFORMED"],
    ["bytes that are no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "JSON_MALFORMED"],
    ["a byte order mark", '\ufeff{"readings":["a"]}', "JSON_MALFORMED"],
    ["too large", JSON.stringify({ readings: ["x".repeat(9_000_000)] }), "BODY_TOO_LARGE"],
  ];
  for (const [what, body, code] of bodies) {
    it(`${code} for ${what}`, async () => expectProblem(await post("/v1/readings", body), code));
  }

  it("refuses other content types and compressed bodies", async () => {
    await expectProblem(await post("/v1/readings", "{}", { "content-type": "text/plain" }), "MALFORMED_REQUEST");
    await expectProblem(
      await post("/v1/readings", "{}", { ...JSON_TYPE, "content-encoding": "gzip" }),
      "MALFORMED_REQUEST",
    );
  });

  it("refuses a large body by its announced length, before it comes", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { ...JSON_TYPE, "content-length": "999999999" };
      const sent = request(`${door.url}/v1/readings`, { method: "POST", headers }, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.once("error", reject);
      sent.write("{");
    });
    expect(status).to.equal(413);
  });

  const queries: [string, ErrorCode][] = [
    [`/v1/twins/${twin}/history?purpose=care&purpose=audit`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=curiosity`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&admin=true`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&since=-1`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&since=01`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&since=9007199254740993`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&limit=0`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&segments=`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&segments=heart'--`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/history?purpose=care&__proto__=x`, "MALFORMED_REQUEST"],
    [`/v1/twins/${twin.toUpperCase()}/history?purpose=care`, "MALFORMED_REQUEST"],
    [`/v1/twins/0x12/history?purpose=care`, "MALFORMED_REQUEST"],
    ["/v1/twins/%ff/history", "MALFORMED_REQUEST"],
    [`/v1/twins/${twin}/secrets`, "NOT_FOUND"],
    ["/v1/nowhere", "NOT_FOUND"],
    ["/V1/devices", "NOT_FOUND"],
    ["/v1/devices/", "NOT_FOUND"],
    ["/v1/session/login", "METHOD_NOT_ALLOWED"],
  ];
  for (const [path, code] of queries) {
    it(`${code} for ${path.replace(twin, ":id")}`, async () => expectProblem(await get(path), code));
  }

  it("asks strangers without a session to sign in, and counts them into one leaf", async () => {
    const paths = [`/v1/twins/${twin}/history`, `/v1/twins`, `/v1/receipts/${twin}`, "/v1/decisions/explain"];
    for (const path of paths) await expectProblem(await get(path, {}), "SESSION_REQUIRED");
    await expectProblem(await get(paths[0] ?? "", { authorization: "Bearer a.b" }), "SESSION_INVALID");
    const answer = await get(paths[0] ?? "", {});
    expect(answer.headers.get("www-authenticate")).to.equal("Bearer");
    const login = await post("/v1/session/login", JSON.stringify({ message: "let me in", signature: "0x" }));
    await expectProblem(login, "SESSION_INVALID");
    await door.refusals.flush();
    const rows = await door.database.query<{ body: string }>(
      "select r.body from record r join leaf l on l.position = r.position where l.kind = 9",
    );
    expect(rows).to.have.length(1);
    const { counts } = JSON.parse(rows[0]?.body ?? "") as { counts: object };
    expect(counts).to.deep.equal({ SESSION_REQUIRED: 5, SESSION_INVALID: 2 });
    await door.refusals.flush();
    expect((await door.database.query("select 1 from leaf where kind = 9")).length).to.equal(1);
  });

  it("tells no secret and no inside: headers, errors, log", async () => {
    const device = new WrittenDevice(door, named("steward", 20));
    const open = device.createTwin("open", 0b1n);
    const given = { from: START, until: START + 1000, segments: 1n, purposes: purposesMask(["care"]) };
    device.grant(open, door.reader.address, given);
    await door.reader.client.postReadings([await device.read()]);
    const response = await get(`/v1/twins/${open}/history?purpose=care`);
    expect(response.status).to.equal(200);
    expect(response.headers.get("cache-control")).to.equal("no-store");
    expect(response.headers.get("x-powered-by")).to.equal(null);
    expect(response.headers.get("content-security-policy")).to.include("default-src 'self'").and.not.include("unsafe");
    expect(response.headers.get("x-content-type-options")).to.equal("nosniff");
    const log = door.logged.join("\n");
    expect(log).to.include(`/v1/twins/${open}/history`);
    for (const secret of [token, token.split(".")[1] ?? "", "Bearer", "purpose=care", "let me in"]) {
      expect(log.includes(secret), `the log holds ${secret.slice(0, 12)}`).to.equal(false);
    }
  });

  it("gives a code to whatever comes, and lives on", async () => {
    const paths = ["/v1/readings", "/v1/readings/check", "/v1/documents", "/v1/session/login", "/v1/verdicts/findings"];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.record({ readings: fc.array(fc.string(), { maxLength: 3 }) }).map((one) => JSON.stringify(one)),
          fc.record({ reading: fc.string() }).map((one) => JSON.stringify(one)),
          fc.record({ message: fc.string(), signature: fc.string() }).map((one) => JSON.stringify(one)),
        ),
        async (path, body) => {
          const response = await post(path, body);
          const text = await response.text();
          expect(response.status, `${path} ${body} ${text}`).to.be.lessThan(500);
          if (!response.ok) expect(Object.keys(ERRORS)).to.include((JSON.parse(text) as { code: string }).code);
        },
      ),
      { seed: 20261121, numRuns: 150 },
    );
    expect((await get("/healthz")).status).to.equal(200);
    expect(await (await get("/readyz")).json()).to.deep.equal({ ready: true, parts: { chain: "ok" } });
    door.chain.silent = true;
    const ready = await get("/readyz");
    door.chain.silent = false;
    expect([ready.status, await ready.json()]).to.deep.equal([
      503,
      { ready: false, parts: { chain: "CHAIN_UNAVAILABLE" } },
    ]);
  });
});
