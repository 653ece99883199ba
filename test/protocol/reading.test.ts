import { SDJwtInstance } from "@sd-jwt/core";
import { expect } from "chai";
import fc from "fast-check";
import { createHash, createPublicKey, verify } from "node:crypto";
import {
  buildReading,
  checkAgainstModel,
  CLOCK_TOLERANCE_MS,
  es256Signer,
  FLAGS,
  fromBase64url,
  fromHex,
  LATE_AFTER_MS,
  parsePresentation,
  parseReading,
  plausibility,
  presentation,
  publicKeyOf,
  readDeviceModel,
  toBase64url,
  toHex,
  TwinwardError,
  utf8,
  verifyReadingSignature,
  ZERO_32,
  type DeviceModel,
  type ErrorCode,
  type ParsedReading,
  type ReadingParts,
} from "../../protocol/index.ts";
import { segmentsOf } from "../../protocol/disclosure.ts";
import { drawn, SEGMENTS } from "./world.ts";

const privateKey = drawn("reading", "device");
const key = publicKeyOf(privateKey);
const device = toHex(drawn("reading", "id"));
const START = 1_790_000_005_000;
let salts = 0;
const PARTS: ReadingParts = {
  device,
  kid: 1,
  sequence: 1,
  per: [START, START + 5000],
  iat: (START + 5000) / 1000,
  model: "monitor@1",
  prev: ZERO_32,
  segments: SEGMENTS,
  salt: () => drawn("reading", `salt ${salts++}`, 16),
};
const build = (changed: Partial<ReadingParts> = {}): Promise<string> =>
  buildReading({ ...PARTS, ...changed }, es256Signer(privateKey));

const MODEL: DeviceModel = readDeviceModel({
  format: "device-model@1",
  name: "monitor@1",
  segments: [
    { name: "heart", bit: 0, unit: "/min", type: "number", min: 20, max: 250 },
    { name: "resp", bit: 1, unit: "/min", type: "number", min: 4, max: 60, codes: { "-1": "probe off" } },
    { name: "spo2", bit: 2, unit: "%", type: "number", min: 50, max: 100 },
  ],
  commands: [],
  security: ["heart", "resp"],
});

const codeOf = (act: () => unknown): ErrorCode | "none" => {
  try {
    act();
  } catch (error) {
    expect(error, String(error)).to.be.instanceOf(TwinwardError);
    return (error as TwinwardError).code;
  }
  return "none";
};

/** The reading with another payload or header text, signature and disclosures as they were. */
const rewritten = (text: string, change: (payload: string) => string, part = 1): string => {
  const [token = "", ...rest] = text.split("~");
  const pieces = token.split(".");
  pieces[part] = toBase64url(utf8(change(new TextDecoder().decode(fromBase64url(pieces[part] ?? "")))));
  return [pieces.join("."), ...rest].join("~");
};
const withDisclosure = (text: string, disclosed: string): string => `${text}${toBase64url(utf8(disclosed))}~`;

/** @sd-jwt/core, told only how to verify ES256 with node:crypto. */
function independent(): SDJwtInstance<Record<string, unknown>> {
  const jwk = { kty: "EC", crv: "P-256", x: toBase64url(fromHex(key.x)), y: toBase64url(fromHex(key.y)) };
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  return new SDJwtInstance({
    hasher: (data) =>
      createHash("sha256")
        .update(Buffer.from(data as string))
        .digest(),
    hashAlg: "sha-256",
    verifier: (data, signature) =>
      verify(
        "sha256",
        Buffer.from(data),
        { key: publicKey, dsaEncoding: "ieee-p1363" },
        Buffer.from(signature, "base64url"),
      ),
  });
}

describe("a reading", () => {
  it("comes back as it was built", async () => {
    const parsed = parseReading(await build({ sequence: 9, gap: 3, prev: device }));
    expect(parsed).to.include({
      device,
      kid: 1,
      sequence: 9,
      gap: 3,
      model: "monitor@1",
      prev: device,
      iat: PARTS.iat,
    });
    expect(parsed.per).to.deep.equal(PARTS.per);
    expect(parsed.disclosures.map(({ segment, unit, t, v }) => ({ name: segment, unit, t, v }))).to.deep.equal(
      SEGMENTS,
    );
    expect(verifyReadingSignature(parsed, key)).to.equal(true);
    expect(verifyReadingSignature(parsed, publicKeyOf(drawn("reading", "other")))).to.equal(false);
    checkAgainstModel(parsed, MODEL);
  });

  it("verifies with @sd-jwt/core, whole and as a presentation", async () => {
    const text = await build();
    const { payload } = await independent().verify(text);
    expect((payload as Record<string, unknown>).heart).to.deep.equal({
      u: "/min",
      t: [0, 1000, 2000],
      v: [72, 72.5, null],
    });
    const shown = (await independent().verify(presentation(text, ["heart"]))).payload as Record<string, unknown>;
    expect(shown).to.have.property("heart");
    expect(shown).not.to.have.property("resp");
    const forged = rewritten(text, (payload) => payload.replace('"seq":1', '"seq":2'));
    let refused = false;
    await independent()
      .verify(forged)
      .catch(() => (refused = true));
    expect(refused).to.equal(true);
  });

  it("is cut to the permitted segments, and its content stays", async () => {
    const whole = parseReading(await build());
    const text = presentation(whole.text, ["spo2", "unheard-of"]);
    const cut = parsePresentation(text);
    expect(cut.disclosures.map(({ segment }) => segment)).to.deep.equal(["spo2"]);
    expect(cut.content).to.equal(whole.content);
    const token = whole.text.slice(0, whole.text.indexOf("~"));
    expect(presentation({ token, disclosures: whole.disclosures }, ["spo2"])).to.equal(text);
    expect(codeOf(() => parseReading(text))).to.equal("DISCLOSURE_MISSING");
    expect(parsePresentation(presentation(whole.text, [])).disclosures).to.deep.equal([]);
  });

  it("is refused in any other bytes", async () => {
    const text = await build();
    const cases: [string, string, ErrorCode][] = [
      ["no tilde at the end", text.slice(0, -1), "READING_MALFORMED"],
      ["no signature", text.replace(/\.[^.~]*~/, "~"), "READING_MALFORMED"],
      ["short signature", text.replace(/\.([^.~]{84})[^.~]*~/, ".$1~"), "READING_MALFORMED"],
      ["padding", text.replace("~", "==~"), "READING_NOT_CANONICAL"],
      ["standard base64", text.replace(/^./, "+"), "READING_NOT_CANONICAL"],
      ["another typ", rewritten(text, (h) => h.replace("reading+sd-jwt", "JWT"), 0), "READING_NOT_CANONICAL"],
      ["another alg", rewritten(text, (h) => h.replace("ES256", "none"), 0), "READING_NOT_CANONICAL"],
      ["kid with a leading zero", rewritten(text, (h) => h.replace('"1"', '"01"'), 0), "READING_NOT_CANONICAL"],
      ["kid zero", rewritten(text, (h) => h.replace('"1"', '"0"'), 0), "READING_NOT_CANONICAL"],
      ["kid above 32 bit", rewritten(text, (h) => h.replace('"1"', '"4294967296"'), 0), "READING_NOT_CANONICAL"],
      ["white space", rewritten(text, (p) => p.replace('"seq":', '"seq": ')), "READING_NOT_CANONICAL"],
      ["another order", rewritten(text, (p) => p.replace(/("seq":1),("iat":\d+)/, "$2,$1")), "READING_NOT_CANONICAL"],
      ["1.0 for 1", rewritten(text, (p) => p.replace('"seq":1', '"seq":1.0')), "READING_NOT_CANONICAL"],
      ["1e0 for 1", rewritten(text, (p) => p.replace('"seq":1', '"seq":1e0')), "READING_NOT_CANONICAL"],
      ["an escape", rewritten(text, (p) => p.replace('"seq"', '"\\u0073eq"')), "READING_NOT_CANONICAL"],
      [
        "unsorted digests",
        rewritten(text, (p) => p.replace(/\["([^"]*)","([^"]*)"/, '["$2","$1"')),
        "READING_NOT_CANONICAL",
      ],
      ["a digest twice", rewritten(text, (p) => p.replace(/\["([^"]*)",/, '["$1","$1",')), "READING_NOT_CANONICAL"],
      ["duplicate member", rewritten(text, (p) => p.replace('"seq":1', '"seq":1,"seq":1')), "READING_MALFORMED"],
      ["unknown member", rewritten(text, (p) => p.replace('"seq":1', '"seq":1,"exp":1')), "READING_MALFORMED"],
      ["no member", rewritten(text, (p) => p.replace('"seq":1,', "")), "READING_MALFORMED"],
      ["sequence 0", rewritten(text, (p) => p.replace('"seq":1', '"seq":0')), "READING_MALFORMED"],
      [
        "sequence beyond 2^53",
        rewritten(text, (p) => p.replace('"seq":1', '"seq":9007199254740993')),
        "READING_MALFORMED",
      ],
      [
        "a gap before the first",
        rewritten(text, (p) => p.replace(',"_sd_alg"', ',"gap":1,"_sd_alg"')),
        "READING_MALFORMED",
      ],
      ["upper-case hex", rewritten(text, (p) => p.replace(device, device.toUpperCase())), "READING_MALFORMED"],
      ["sha-512", rewritten(text, (p) => p.replace("sha-256", "sha-512")), "READING_MALFORMED"],
      ["no digests", rewritten(text, (p) => p.replace(/\["[^\]]*\]\}$/, "[]}")), "READING_MALFORMED"],
      ["no JSON", rewritten(text, () => "seq=1"), "READING_MALFORMED"],
      ["not UTF-8", text.replace(/\.[^.]*\./, "._w."), "READING_NOT_CANONICAL"],
      ["a disclosure twice", `${text}${text.split("~")[1] ?? ""}~`, "READING_MALFORMED"],
      [
        "a stranger's disclosure",
        withDisclosure(text, '["AAAAAAAAAAAAAAAAAAAAAA","x",{"u":"1","t":[],"v":[]}]'),
        "DISCLOSURE_UNKNOWN",
      ],
      ["a short salt", withDisclosure(text, '["AAAA","x",{"u":"1","t":[],"v":[]}]'), "READING_MALFORMED"],
      ["an array element", withDisclosure(text, '["AAAAAAAAAAAAAAAAAAAAAA","x"]'), "READING_MALFORMED"],
      [
        "a member twice",
        withDisclosure(text, '["AAAAAAAAAAAAAAAAAAAAAA","x",{"u":"1","u":"1","t":[],"v":[]}]'),
        "READING_MALFORMED",
      ],
      ["too large", text + "A".repeat(65_536), "READING_TOO_LARGE"],
      ["nothing", "", "READING_MALFORMED"],
    ];
    for (const [name, changed, code] of cases) {
      expect(changed, name).not.to.equal(text);
      expect(
        codeOf(() => parseReading(changed)),
        name,
      ).to.equal(code);
    }
  });

  it("never throws anything but a code, whatever comes", async () => {
    const text = await build();
    const noise = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .tuple(fc.nat(text.length), fc.string({ maxLength: 4 }))
        .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
      fc.json().map((json) => rewritten(text, () => json)),
      fc.json().map((json) => withDisclosure(text, json)),
    );
    fc.assert(
      fc.property(noise, (input) => {
        const code = codeOf(() => parseReading(input));
        if (code === "none") expect(verifyReadingSignature(parseReading(input), key)).to.equal(input === text);
      }),
      { seed: 20261121, numRuns: 600 },
    );
  });

  it("tells the segments of disclosures without their samples, whatever they and the salts are", () => {
    const segment = fc.oneof(
      fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
      fc.string({ minLength: 1, unit: "grapheme" }),
    );
    const salt = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      fc.stringMatching(/^[A-Za-z0-9_-]{22,90}$/),
      // What could be taken for the end of a salt of 22 characters, and is none.
      fc.stringMatching(/^[a-z]{20,22}[\\"]{1,2}["\\,]{1,4}[a-z]{0,4}"?,?$/).filter(({ length }) => length >= 22),
      fc.string({ minLength: 22, unit: "grapheme" }),
    );
    const value = fc.oneof(
      fc.constant({ u: "1", t: [0], v: [1] }),
      fc.constant({ u: "mmHg", t: [0, 1_000, 2_000], v: [91.5, 92, null] }),
      fc.json().map((text) => JSON.parse(text) as unknown),
    );
    const one = fc.tuple(salt, segment, value, fc.boolean());
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), (all) => {
        const encoded = all.map(([salt, name, value, spaced]) =>
          toBase64url(utf8(JSON.stringify([salt, name, value], null, spaced ? 1 : 0))),
        );
        expect(segmentsOf(encoded)).to.deep.equal(all.map(([, name]) => name));
      }),
      { seed: 20261121, numRuns: 1_000 },
    );
  });

  it("has one disclosure for every segment of its model", async () => {
    const check = async (changed: Partial<ReadingParts>): Promise<ErrorCode | "none"> => {
      const parsed = parseReading(await build(changed));
      return codeOf(() => checkAgainstModel(parsed, MODEL));
    };
    const extra = { name: "mood", unit: "1", t: [], v: [] };
    expect(await check({})).to.equal("none");
    expect(await check({ model: "pump@1" })).to.equal("MODEL_UNEXPECTED");
    expect(await check({ segments: SEGMENTS.slice(1) })).to.equal("DISCLOSURE_MISSING");
    expect(await check({ segments: [...SEGMENTS, extra] })).to.equal("DISCLOSURE_UNKNOWN");
    expect(await check({ segments: [extra, ...SEGMENTS.slice(1)] })).to.equal("DISCLOSURE_MISSING");
  });
});

describe("plausibility", () => {
  const weigh = async (
    changed: Partial<ReadingParts>,
    acceptedAt = START + 6000,
  ): Promise<{ flags: number; segments: (string | null)[]; parsed: ParsedReading }> => {
    const parsed = parseReading(await build(changed));
    const { flags, remarks } = plausibility(parsed, MODEL, acceptedAt);
    return { flags, segments: remarks.map(({ segment }) => segment), parsed };
  };
  const having = (name: string, t: number[], v: (number | null)[], unit?: string): Partial<ReadingParts> => ({
    segments: SEGMENTS.map((one) => (one.name === name ? { name, unit: unit ?? one.unit, t, v } : one)),
  });

  it("has nothing to say about an ordinary reading", async () => {
    expect((await weigh({})).flags).to.equal(0);
  });

  it("flags values out of range, but not their codes and not what is missing", async () => {
    expect(await weigh(having("resp", [0, 1], [14, 0]))).to.deep.include({
      flags: FLAGS.outOfRange,
      segments: ["resp"],
    });
    expect(await weigh(having("resp", [0, 1], [-1, null]))).to.deep.include({ flags: 0, segments: [] });
    expect((await weigh(having("heart", [0], [70], "Hz"))).flags).to.equal(FLAGS.outOfRange);
  });

  it("flags what is late, from the future, or out of its period", async () => {
    expect((await weigh({}, START + 5000 + LATE_AFTER_MS)).flags).to.equal(0);
    expect((await weigh({}, START + 5001 + LATE_AFTER_MS)).flags).to.equal(FLAGS.late);
    expect((await weigh({}, START + 5000 - CLOCK_TOLERANCE_MS)).flags).to.equal(0);
    expect((await weigh({}, START + 4999 - CLOCK_TOLERANCE_MS)).flags).to.equal(FLAGS.clock);
    expect((await weigh({ per: [START, START] })).flags & FLAGS.clock).to.equal(FLAGS.clock);
    expect((await weigh({ iat: START / 1000 - 60 })).flags).to.equal(FLAGS.clock);
    expect((await weigh(having("heart", [5000], [70]))).flags).to.equal(FLAGS.clock);
    expect((await weigh(having("heart", [2, 1], [70, 71]))).flags).to.equal(FLAGS.clock);
  });

  it("accepts and flags a value of another shape: it is what the device said", async () => {
    const strange = having("heart", [0, 1], [70]);
    const { flags, segments, parsed } = await weigh(strange);
    expect({ flags, segments }).to.deep.equal({ flags: FLAGS.outOfRange, segments: ["heart"] });
    expect(parsed.disclosures.find(({ segment }) => segment === "heart")).to.deep.include({ t: [], v: [] });
    const text = having("heart", [0], ["high" as unknown as number]);
    expect((await weigh(text)).flags).to.equal(FLAGS.outOfRange);
  });
});
