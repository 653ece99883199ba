import { expect } from "chai";
import fc from "fast-check";
import {
  buildRecord,
  canonical,
  ERRORS,
  fromBase64url,
  fromHex,
  isHeld,
  isOnCurve,
  newPrivateKey,
  parseAnchors,
  parseConsortium,
  parseStrict,
  publicKeyOf,
  purposeNames,
  PURPOSES,
  purposesMask,
  readAck,
  readDeviceModel,
  readManifest,
  readRecord,
  segmentNames,
  segmentsMask,
  toBase64url,
  toHex,
  toProblem,
  toRefusal,
  TwinwardError,
  utf8,
  ZERO_32,
  type DecisionRecord,
} from "../../protocol/index.ts";
import { u256be, u32be, u64be } from "../../protocol/bytes.ts";
import { drawn, makeWorld, type TestWorld } from "./world.ts";

const refused = (act: () => unknown): TwinwardError => {
  try {
    act();
  } catch (error) {
    expect(error, String(error)).to.be.instanceOf(TwinwardError);
    return error as TwinwardError;
  }
  throw new Error("it was accepted");
};
const options = { seed: 20261121 };

describe("bytes as text", () => {
  it("goes both ways", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(fromHex(toHex(bytes))).to.deep.equal(bytes);
        expect(fromBase64url(toBase64url(bytes))).to.deep.equal(bytes);
      }),
      options,
    );
  });

  it("has one text for each bytes: whatever is accepted comes out again as it was", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."ABab01-_+/= \n"), maxLength: 12 });
    fc.assert(
      fc.property(letters, (text) => {
        let bytes: Uint8Array;
        try {
          bytes = fromBase64url(text);
        } catch {
          return;
        }
        expect(toBase64url(bytes)).to.equal(text);
      }),
      { ...options, numRuns: 2000 },
    );
    for (const text of ["0xAB", "0x1", "ab", "0X00", "0x0g", "0x ab", "0x00\n"])
      expect(() => fromHex(text)).to.throw(RangeError);
    expect(() => fromHex("0x00", 2)).to.throw(RangeError);
    expect(() => fromBase64url("AA\n")).to.throw(RangeError);
  });

  it("writes unsigned integers big-endian, and refuses what does not fit", () => {
    expect(toHex(u32be(258))).to.equal("0x00000102");
    expect(toHex(u64be(2n ** 64n - 1n))).to.equal("0xffffffffffffffff");
    expect(toHex(u256be(1))).to.equal(`${ZERO_32.slice(0, -1)}1`);
    for (const value of [-1, 2 ** 32, 1.5, Number.NaN]) expect(() => u32be(value)).to.throw(RangeError);
    expect(() => u64be(2n ** 64n)).to.throw(RangeError);
    expect(() => u64be(2 ** 53)).to.throw(RangeError);
    expect(() => u256be(-1n)).to.throw(RangeError);
  });
});

describe("strict JSON", () => {
  it("reads what JSON.parse reads, wherever it accepts", () => {
    fc.assert(
      fc.property(fc.json(), (text) => void expect(parseStrict(text)).to.deep.equal(JSON.parse(text))),
      { ...options, numRuns: 500 },
    );
  });

  it("accepts nothing that JSON.parse refuses", () => {
    const near = fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0123eE+-.tfn aruls'), maxLength: 10 });
    fc.assert(
      fc.property(near, (text) => {
        let value: unknown;
        try {
          value = parseStrict(text);
        } catch (error) {
          expect(error).to.be.instanceOf(TwinwardError);
          return;
        }
        expect(value).to.deep.equal(JSON.parse(text));
      }),
      { ...options, numRuns: 5000 },
    );
  });

  it("names the place of a duplicate member", () => {
    const error = refused(() => parseStrict('{"a":[1,{"b":1,"\\u0062":2}]}'));
    expect(error.code).to.equal("JSON_MEMBER_DUPLICATE");
    expect(error.facts.path).to.equal("$.a[1].b");
    expect(refused(() => parseStrict('{"a":"\\ud800"}')).facts.path).to.equal("$.a");
    for (const text of [
      '{"a":1}x',
      "01",
      "1e999",
      "NaN",
      "'a'",
      '"\n"',
      "[".repeat(100),
      "",
      "tru",
      '{"a" 1}',
      "[1,]",
      '"\\x"',
    ]) {
      expect(refused(() => parseStrict(text)).code, text).to.equal("JSON_MALFORMED");
    }
    expect(Object.hasOwn(parseStrict('{"__proto__":1}') as object, "__proto__")).to.equal(true);
  });

  it("has one canonical text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonical(value);
        expect(canonical(parseStrict(text))).to.equal(text);
      }),
      options,
    );
    for (const value of [undefined, Number.NaN, "\ud800"])
      expect(refused(() => canonical(value)).code).to.equal("JSON_MALFORMED");
  });
});

describe("errors", () => {
  it("is one table: screaming codes, a status, a sentence and what to do", () => {
    for (const [code, { status, message, remedy }] of Object.entries(ERRORS)) {
      expect(code).to.match(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
      expect(status).to.be.within(400, 599);
      for (const sentence of [message, remedy]) expect(sentence, code).to.match(/^\S.*\.$/);
    }
  });

  it("tells a problem with the facts of the case, and nothing of what is not ours", () => {
    const problem = toProblem(
      new TwinwardError("GRANT_EXPIRED", { until: 5n, status: 200, left: undefined, detail: "At noon." }),
    );
    expect(problem).to.deep.equal({
      type: "urn:twinward:error:GRANT_EXPIRED",
      title: ERRORS.GRANT_EXPIRED.message,
      status: 403,
      code: "GRANT_EXPIRED",
      detail: "At noon.",
      remedy: ERRORS.GRANT_EXPIRED.remedy,
      until: "5",
    });
    const inner = toProblem(new Error("password is 1234"));
    expect(inner.code).to.equal("INTERNAL");
    expect(JSON.stringify(inner)).not.to.contain("1234");
    const refusal = toRefusal(new TwinwardError("PREV_MISMATCH"), { expected: 4, prev: ZERO_32 });
    expect(refusal).to.include({ format: "refusal@1", expected: 4, prev: ZERO_32, code: "PREV_MISMATCH" });
    expect(isHeld({ held: true, expected: 4 })).to.equal(true);
    expect(isHeld(refusal)).to.equal(false);
  });
});

describe("words", () => {
  it("numbers purposes by their place", () => {
    PURPOSES.forEach((purpose, bit) => expect(purposesMask([purpose])).to.equal(1 << bit));
    expect(purposeNames(purposesMask(["security", "care"]))).to.deep.equal(["care", "security"]);
  });
});

describe("keys", () => {
  it("are drawn from the randomness that is given, inside the group's order", () => {
    const draws = [new Uint8Array(32).fill(255), new Uint8Array(32), drawn("keys", "third")];
    expect(newPrivateKey(() => draws.shift() ?? new Uint8Array(32))).to.deep.equal(drawn("keys", "third"));
    const key = publicKeyOf(drawn("keys", "third"));
    expect(isOnCurve(key)).to.equal(true);
    expect(isOnCurve({ x: key.y, y: key.x })).to.equal(false);
    expect(isOnCurve({ x: ZERO_32, y: ZERO_32 })).to.equal(false);
  });
});

describe("what somebody else wrote", () => {
  let world: TestWorld;
  before(async () => {
    world = await makeWorld("shapes");
  });
  const copy = <T>(value: T): T => structuredClone(value);

  it("is read strictly: a device model", () => {
    const segment = { name: "heart", bit: 3, unit: "/min", type: "number", min: 20, max: 250 };
    const model = {
      format: "device-model@1",
      name: "monitor@1",
      segments: [segment],
      commands: [],
      security: ["heart"],
    };
    const read = readDeviceModel(model);
    expect(segmentsMask(read, ["heart"])).to.equal(8n);
    expect(read).not.to.have.property("retentionDays");
    expect(readDeviceModel({ ...model, retentionDays: 365 }).retentionDays).to.equal(365);
    expect(segmentNames(read, 255n)).to.deep.equal(["heart"]);
    expect(refused(() => segmentsMask(read, ["mood"])).code).to.equal("UNUSABLE_INPUT");
    const wrong: [string, unknown][] = [
      ["$.colour", { ...model, colour: 1 }],
      ["$.format", { ...model, format: "device-model@2" }],
      ["$.name", { ...model, name: "monitor" }],
      ["$.segments", { ...model, segments: [] }],
      ["$.segments", { ...model, segments: [segment, { ...segment, bit: 4 }] }],
      ["$.segments", { ...model, segments: [segment, { ...segment, name: "resp" }] }],
      ["$.segments[0].bit", { ...model, segments: [{ ...segment, bit: 64 }] }],
      ["$.segments[0].min", { ...model, segments: [{ ...segment, min: 251 }] }],
      ["$.segments[0].unit", { ...model, segments: [{ ...segment, unit: "per min" }] }],
      ["$.segments[0].codes", { ...model, segments: [{ ...segment, codes: { off: "off" } }] }],
      ["$.security", { ...model, security: ["resp"] }],
      ["$.retentionDays", { ...model, retentionDays: 0 }],
      ["$.retentionDays", { ...model, retentionDays: 1.5 }],
      ["$.commands[0].safe", { ...model, commands: [{ name: "v", bit: 0, unit: "%", min: 0, max: 1, safe: 2 }] }],
    ];
    for (const [path, value] of wrong) {
      const error = refused(() => readDeviceModel(value));
      expect([error.code, error.facts.path]).to.deep.equal(["UNUSABLE_DEVICE_MODEL", path]);
    }
  });

  it("is read strictly: a manifest", () => {
    const manifest = {
      format: "manifest@1",
      name: "ward",
      model: ZERO_32,
      segments: ["heart"],
      resolution: "raw",
      delay: 0,
      commands: [],
    };
    expect(readManifest(manifest)).to.deep.equal(manifest);
    for (const wrong of [
      { segments: [] },
      { segments: ["a", "a"] },
      { delay: -1 },
      { delay: 0.5 },
      { resolution: "hour" },
      { noise: 1 },
    ]) {
      expect(refused(() => readManifest({ ...manifest, ...wrong })).code).to.equal("UNUSABLE_MANIFEST");
    }
  });

  it("is read strictly: a consortium and an anchors file", () => {
    const consortium = { ...copy(world.consortium), contracts: { ...world.consortium.contracts, Extra: ZERO_32 } };
    expect(refused(() => parseConsortium(consortium)).facts.path).to.equal("$.contracts.Extra");
    expect(refused(() => parseConsortium('{"a":1,"a":1}')).code).to.equal("UNUSABLE_CONSORTIUM");
    expect(refused(() => parseConsortium({ ...world.consortium, members: [] })).facts.path).to.equal("$.members");
    const twice = { ...world.anchors, devices: [world.history, world.history] };
    expect(refused(() => parseAnchors(twice)).facts.path).to.equal("$.devices");
    const [key] = world.history.keys;
    const overlapping = { ...world.history, keys: [key, { ...key, number: 2 }] };
    expect(refused(() => parseAnchors({ ...world.anchors, devices: [overlapping] })).facts.path).to.equal(
      "$.devices[0].keys",
    );
    expect(refused(() => parseAnchors(canonical(world.anchors).replace("0x", "0X"))).code).to.equal("UNUSABLE_ANCHORS");
  });

  it("is read strictly: an ack", () => {
    const device = world.history.device;
    const ack = { format: "ack@1", ...world.receipt.ack, device, sequence: 3, expected: 4, prev: ZERO_32, time: 5 };
    expect(readAck(ack)).to.deep.equal(ack);
    expect(refused(() => readAck({ ...ack, extra: 1 })).facts.path).to.equal("$.extra");
    expect(refused(() => readAck({ ...ack, index: -1 })).facts.path).to.equal("$.index");
    expect(refused(() => readAck({ ...ack, signature: `${ack.signature?.slice(0, -1)}B` })).facts.path).to.equal(
      "$.signature",
    );
  });

  it("is read strictly: a record, which is canonical and salted", () => {
    const record = (world.decision.disclosed as { record: unknown }).record as DecisionRecord;
    const { text, content } = buildRecord(record);
    expect(readRecord(text)).to.deep.equal(record);
    expect(content).to.equal(world.decision.leaf.content);
    const unsalted = Object.fromEntries(Object.entries(record).filter(([name]) => name !== "salt"));
    expect(refused(() => buildRecord(unsalted as unknown as DecisionRecord)).facts.path).to.equal("$.salt");
    expect(refused(() => buildRecord({ ...record, salt: "0x00" })).facts.path).to.equal("$.salt");
    expect(refused(() => buildRecord({ ...record, format: "gossip@1" as "decision@1" })).facts.path).to.equal(
      "$.format",
    );
    expect(refused(() => readRecord(text.replace(":", ": "))).code).to.equal("UNUSABLE_RECORD");
    expect(refused(() => readRecord(text.replace('"permit":true', '"permit":1'))).facts.path).to.equal("$.permit");
    expect(new TextDecoder().decode(utf8(text))).to.equal(text);
  });
});
