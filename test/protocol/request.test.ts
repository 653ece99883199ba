import { expect } from "chai";
import { TypedDataEncoder, Wallet } from "ethers";
import { readFileSync } from "node:fs";
import {
  buildRecord,
  canonical,
  fromHex,
  isRequestSigned,
  parseStrict,
  publicKeyOf,
  readRecord,
  readRequest,
  requestId,
  requestTypedData,
  signEs256,
  toBase64url,
  TwinwardError,
  verifyReceipt,
  verifyWebhook,
  webhookMessage,
  type AnswerRecord,
  type Asking,
  type Hex,
} from "../../protocol/index.ts";
import { REQUEST_TYPE } from "../../protocol/request.ts";
import { drawn, makeWorld } from "./world.ts";

interface Vectors {
  readonly chainId: number;
  readonly contract: Hex;
  readonly key: Hex;
  readonly cases: readonly { readonly asked: Asking; readonly request: Hex; readonly signature: Hex }[];
}
const vectors = JSON.parse(readFileSync(new URL("../vectors/request.json", import.meta.url), "utf8")) as Vectors;
const domain = { chainId: vectors.chainId, contract: vectors.contract };
const [first] = vectors.cases as [Vectors["cases"][number]];
const page = (name: string): string => readFileSync(new URL(`../../docs/formats/${name}.md`, import.meta.url), "utf8");
const examples = (name: string): unknown[] =>
  [...page(name).matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = ""]) => parseStrict(text));

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof TwinwardError) return error.code;
    throw error;
  }
  return "accepted";
};

describe("request@1", () => {
  it("has the digest and signature of an independent implementation (request.json)", () => {
    for (const { asked, request, signature } of vectors.cases) {
      expect(requestId(domain, asked)).to.equal(request);
      const read = readRequest({ format: "request@1", asked, signature });
      expect(isRequestSigned(domain, read.asked, read.signature)).to.equal(true);
    }
  });

  it("shows a wallet what it signs: ethers makes the same digest of the typed data", async () => {
    for (const { asked, request, signature } of vectors.cases) {
      const shown = requestTypedData(domain, asked);
      expect(TypedDataEncoder.hash(shown.domain, shown.types, shown.message)).to.equal(request);
      const signed = await new Wallet(vectors.key).signTypedData(shown.domain, shown.types, shown.message);
      expect(signed).to.equal(signature);
    }
    expect(page("request")).to.contain(REQUEST_TYPE);
  });

  it("is another request when anything in it is another: chain, contract and every member", () => {
    const { asked, request, signature } = first;
    const other: { [K in keyof Asking]: Asking[K] } = {
      twin: request,
      manifest: request,
      reader: vectors.contract,
      segments: "1",
      purposes: ["audit"],
      until: 5,
      why: "another",
      webhook: null,
      nonce: request,
      deadline: 7,
    };
    const changed: [typeof domain, Asking][] = [
      [{ ...domain, chainId: 1 }, asked],
      [{ ...domain, contract: asked.reader }, asked],
      ...Object.entries(other).map(([name, value]): [typeof domain, Asking] => [domain, { ...asked, [name]: value }]),
    ];
    const ids = changed.map(([on, what]) => requestId(on, what));
    expect(new Set([...ids, request]).size).to.equal(changed.length + 1);
    for (const [on, what] of changed) expect(isRequestSigned(on, what, signature)).to.equal(false);
  });

  it("refuses what is not its one form, with the place", () => {
    const wrong: [string, object][] = [
      ["$.asked", { twin: first.request }],
      ["$.asked", { manifest: null }],
      ["$.asked", { manifest: `0x${"00".repeat(32)}` }],
      ["$.asked.segments", { segments: "0" }],
      ["$.asked.segments", { segments: "18446744073709551616" }],
      ["$.asked.purposes", { purposes: [] }],
      ["$.asked.purposes", { purposes: ["emergency", "care"] }],
      ["$.asked.purposes", { purposes: ["care", "care"] }],
      ["$.asked.purposes", { purposes: ["security"] }],
      ["$.asked.until", { until: 2 ** 40 }],
      ["$.asked.why", { why: "" }],
      ["$.asked.why", { why: "x".repeat(501) }],
      ["$.asked.why", { why: "two\nlines" }],
      ["$.asked.why", { why: "turned \u202e round" }],
      ["$.asked.webhook", { webhook: "http://app.example/" }],
      ["$.asked.webhook", { webhook: "https://user@app.example/" }],
      ["$.asked.webhook", { webhook: "https://app.example/#there" }],
      ["$.asked.webhook", { webhook: "https://app.example" }],
      ["$.asked.webhook", { webhook: "file:///etc/passwd" }],
      ["$.asked.webhook", { webhook: `https://app.example/${"a".repeat(512)}` }],
      ["$.asked.nonce", { nonce: "0x01" }],
      ["$.asked.deadline", { deadline: 0 }],
      ["$.asked.more", { more: 1 }],
    ];
    for (const [path, change] of wrong) {
      try {
        readRequest({ format: "request@1", asked: { ...first.asked, ...change }, signature: first.signature });
        expect.fail(JSON.stringify(change));
      } catch (error) {
        expect(error, JSON.stringify(change)).to.include({ code: "UNUSABLE_REQUEST" });
        expect((error as TwinwardError).facts.path).to.equal(path);
      }
    }
    for (const webhook of ["https://app.example/", "https://[2001:db8::1]:8443/x?y=1", "http://127.0.0.1:9000/x"])
      readRequest({ format: "request@1", asked: { ...first.asked, webhook }, signature: first.signature });
    const zeros: Hex = `0x${"00".repeat(65)}`;
    const odd = first.signature.replace(/..$/, "ff") as Hex;
    for (const signature of [zeros, odd, `${odd}00` as Hex])
      expect(isRequestSigned(domain, first.asked, signature)).to.equal(false);
    for (const signature of ["0x", "0x0", `0x${"00".repeat(4097)}`])
      expect(codeOf(() => readRequest({ format: "request@1", asked: first.asked, signature }))).to.equal(
        "UNUSABLE_REQUEST",
      );
  });

  it("has examples that are what they say: a request, and each step's record", () => {
    const [posted, ...records] = examples("request");
    const { asked, signature } = readRequest(posted);
    const request = requestId(domain, asked);
    expect(isRequestSigned(domain, asked, signature)).to.equal(true);
    const read = records.map((record) => readRecord(canonical(record)));
    expect(read.map(({ step }) => step)).to.deep.equal(["asked", "narrowed", "refused", "expired"]);
    for (const record of read) {
      expect(record.request).to.equal(request);
      expect(buildRecord(record).text).to.equal(canonical(record));
      for (const name of Object.keys(record)) {
        const less = Object.fromEntries(Object.entries(record).filter(([one]) => one !== name));
        expect(
          codeOf(() => readRecord(canonical(less))),
          `${String(record.step)} without ${name}`,
        ).to.equal("UNUSABLE_RECORD");
      }
      expect(codeOf(() => readRecord(canonical({ ...record, more: 1 })))).to.equal("UNUSABLE_RECORD");
    }
  });
});

describe("a receipt of what was asked", () => {
  it("is checked down to the reader's signature, which is beside the record", async () => {
    const world = await makeWorld("asked");
    const { chain } = world.decision;
    const on = { chainId: chain.chainId, contract: chain.contracts.GrantRegistry };
    const wallet = new Wallet(vectors.key);
    const shown = requestTypedData(on, first.asked);
    const signature = (await wallet.signTypedData(shown.domain, shown.types, shown.message)) as Hex;
    const request = requestId(on, first.asked);
    const salt: Hex = `0x${"ab".repeat(16)}`;
    const head = { stream: world.decision.batch.stream, at: 1, salt };
    const { reader } = first.asked;
    const record = { format: "request@1", ...head, step: "asked", request, reader, asked: first.asked } as const;
    const checksOf = async (disclosed: object): Promise<Record<string, string>> => {
      const { checks } = await verifyReceipt({ ...world.decision, disclosed }, {});
      return Object.fromEntries(checks.map(({ name, result }) => [name, result]));
    };
    expect(await checksOf({ record, signature })).to.include({ "record signature": "passed" });
    const others = [
      { record },
      { record, signature: first.signature },
      { record: { ...record, request: first.request }, signature },
      { record: { ...record, asked: { ...first.asked, why: "other" } }, signature },
      { record: (world.decision.disclosed as { record: object }).record, signature },
    ];
    for (const disclosed of others) expect(await checksOf(disclosed)).to.include({ "record signature": "failed" });
    // A contract's signature was seen by the gateway alone; a key's is checked whatever the record says of it.
    const byContract = { ...record, signer: "contract" };
    expect(await checksOf({ record: byContract, signature: "0x1234" })).to.include({
      "record signature": "not checked",
    });
    expect(await checksOf({ record: byContract, signature })).to.include({ "record signature": "passed" });
    expect(await checksOf({ record: byContract })).to.include({ "record signature": "failed" });
    expect(await checksOf(world.decision.disclosed)).not.to.have.property("record signature");
  });
});

describe("webhook@1", () => {
  it("is believed where a gateway of the consortium signed this body, and nowhere else", async () => {
    const { consortium, anchors } = await makeWorld("hook");
    const { stream } = anchors.streams[0] as { stream: Hex };
    const [, , , , answer] = examples("request") as AnswerRecord[];
    const leaf = first.request;
    const [shown] = examples("webhook");
    const value = { ...(shown as object), chainId: consortium.chainId, stream, answer, leaf };
    const body = canonical(value);
    const key = drawn("hook", "gateway");
    expect(consortium.members[0]?.gateways[0]).to.include(publicKeyOf(key));
    const sign = (on: { chainId: number; stream: Hex }, text: string): string =>
      toBase64url(signEs256(key, webhookMessage(on, text)));
    const on = { chainId: consortium.chainId, stream };
    const signature = sign(on, body);
    expect(verifyWebhook(consortium, body, signature)).to.deep.equal(value);
    const other: Hex = `0x${"12".repeat(32)}`;
    const wrong: [string, string][] = [
      [`${body} `, signature],
      [body.replace(leaf, other), signature],
      [body, ""],
      [body, toBase64url(fromHex(other))],
      [body, sign({ ...on, stream: other }, body)],
      [body, sign({ ...on, chainId: 1 }, body)],
      [canonical({ ...value, stream: other }), sign({ ...on, stream: other }, canonical({ ...value, stream: other }))],
      [canonical({ ...value, more: 1 }), sign(on, canonical({ ...value, more: 1 }))],
      ["{", sign(on, "{")],
    ];
    for (const [text, said] of wrong)
      expect(
        codeOf(() => verifyWebhook(consortium, text, said)),
        text,
      ).to.equal("UNUSABLE_WEBHOOK");
  });
});
