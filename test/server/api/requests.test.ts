import { expect } from "chai";
import { Wallet } from "ethers";
import { connect, verifyReceipt, type Client, type ListedRequest, type Wish } from "../../../apps/sdk/index.ts";
import { signRequest } from "../../../apps/sdk/asking.ts";
import { toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import type { SignedRequest } from "../../../protocol/request.ts";
import { termsWord } from "../../../protocol/terms.ts";
import { purposesMask, type Purpose } from "../../../protocol/words.ts";
import { addressOf, codeOf, MODEL, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const HEART = 0b1n;
const HOUR_MS = 3_600_000;
const MANIFEST: Manifest = {
  format: "manifest@1",
  name: "ward-heart",
  model: modelHash(MODEL),
  segments: ["heart", "resp"],
  resolution: "raw",
  delay: 0,
  commands: [],
};
const OFFER = manifestHash(MANIFEST);

interface Gives {
  readonly twin: Hex;
  readonly reader: Hex;
  readonly nonce: Hex;
  readonly by?: Hex;
  readonly segments?: bigint;
  readonly purposes?: readonly Purpose[];
  readonly until?: number;
  readonly depth?: number;
}

describe("requests at the front door", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;
  let steward: { wallet: ReturnType<typeof Wallet.createRandom>; client: Client; address: Hex };
  /** ms by the server's clock. */
  const inHours = (hours: number): number => door.clock.ms + hours * HOUR_MS;

  before(async () => {
    door = await openFrontDoor(START);
    const wallet = Wallet.createRandom();
    steward = { wallet, client: clientOf(wallet), address: addressOf(wallet) };
    device = new WrittenDevice(door, steward.address);
    await door.documents.keep(MANIFEST);
    twin = device.createTwin("ward", 0b11n, { manifest: OFFER });
  });
  after(() => door.close());

  /** Its clock is the server's. */
  const clientOf = (signer: Wallet | ReturnType<typeof Wallet.createRandom>): Client =>
    connect({ url: door.url, signer, now: () => door.clock.ms });

  /** Somebody whom nobody knows. */
  const stranger = (): { wallet: ReturnType<typeof Wallet.createRandom>; client: Client; address: Hex } => {
    const wallet = Wallet.createRandom();
    return { wallet, client: clientOf(wallet), address: addressOf(wallet) };
  };

  const wish = (more: Partial<Wish> = {}): Wish => ({
    ...(more.twin === undefined ? { manifest: OFFER } : { segments: 1n }),
    purposes: ["care"],
    until: inHours(24),
    why: "the ward round",
    ...more,
  });

  const sign = (
    who: { wallet: ReturnType<typeof Wallet.createRandom>; client: Client },
    of: Wish,
  ): Promise<SignedRequest> =>
    signRequest(of, who.wallet, {
      consortium: door.consortium,
      catalogue: () => who.client.catalogue(),
      now: door.clock.ms,
    });

  const send = (body: unknown): Promise<Response> =>
    fetch(`${door.url}/v1/requests`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  function give({ twin: on, reader, nonce, ...other }: Gives): Hex {
    const id = named(`grant ${Math.random()}`);
    const {
      by = steward.address,
      segments = 0b11n,
      purposes = ["care"],
      until = inHours(24) / 1000,
      depth = 0,
    } = other;
    const from = Math.floor(door.clock.ms / 1000) - 1;
    const terms = termsWord({ from, until, segments, purposes: purposesMask(purposes), depth, epoch: 0 });
    door.chain.emit("GrantRegistry", "Granted", [id, on, reader, by, BigInt(nonce), terms]);
    return id;
  }

  const only = async (client: Client, request: Hex): Promise<ListedRequest> => {
    const { requests } = await client.requests({ request });
    expect(requests).to.have.lengthOf(1);
    return requests[0] as ListedRequest;
  };

  const leaves = async (): Promise<number> =>
    (await door.database.query<{ n: number }>("select count(*) as n from leaf where kind = 11"))[0]?.n ?? 0;

  it("has a catalogue of models and manifests that names no device, no twin and nobody", async () => {
    const before = await stranger().client.catalogue();
    expect(before).to.deep.equal({
      format: "catalogue@1",
      models: [{ hash: modelHash(MODEL), model: MODEL }],
      manifests: [{ hash: OFFER, manifest: MANIFEST }],
    });
    const text = JSON.stringify(before);
    for (const secret of [device.id, twin, device.assignment, steward.address]) expect(text).not.to.contain(secret);
    // The same manifest on another twin says nothing more; a security twin's is not on offer.
    device.createTwin("another", 0b11n, { manifest: OFFER });
    device.createTwin("watched", 0b1111n, { security: true, manifest: named("of the security twin") });
    expect(await stranger().client.catalogue()).to.deep.equal(before);
  });

  it("takes a request of a key that nobody knows, durably and once however often it is sent", async () => {
    const who = stranger();
    const signed = await sign(who, wish());
    const before = await leaves();
    const answers = await Promise.all([send(signed), send(signed), send(signed)]);
    const told = await Promise.all(answers.map((answer) => answer.json() as Promise<{ request: Hex; leaf: Hex }>));
    expect(new Set(told.map((one) => JSON.stringify(one))).size).to.equal(1);
    expect(await leaves()).to.equal(before + 1);
    const listed = await only(who.client, (told[0] as { request: Hex }).request);
    expect(listed).to.deep.include({ state: "open", asked: signed.asked, answer: null, leaf: told[0]?.leaf });
    expect(await only(steward.client, listed.request)).to.deep.equal(listed);
    expect((await stranger().client.requests()).requests).to.deep.equal([]);
  });

  it("acknowledges and answers nothing that the database did not keep", async () => {
    const who = stranger();
    const { request } = await who.client.request(wish());
    const before = await leaves();
    await door.database.script(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'the disk is gone'; end $$;
      create constraint trigger refusing after insert on record deferrable initially deferred
        for each row execute function refuse();`);
    const grant = give({ twin, reader: who.address, nonce: request });
    const works = [
      () => who.client.request(wish()),
      () => steward.client.approveRequest(request, grant),
      () => steward.client.refuseRequest(request, "no"),
    ];
    for (const work of works) expect(await codeOf(work())).to.equal("INTERNAL");
    await door.database.script("drop trigger refusing on record; drop function refuse;");
    expect(await leaves()).to.equal(before);
    expect((await who.client.requests()).requests.map(({ state }) => state)).to.deep.equal(["open"]);
    expect((await steward.client.approveRequest(request, grant)).state).to.equal("approved");
  });

  it("approves with a grant whose nonce is the request; reader and steward have the receipts, with the reader's signature", async () => {
    const who = stranger();
    const { request, leaf } = await who.client.request(wish());
    const grant = give({ twin, reader: who.address, nonce: request });
    const approved = await steward.client.approveRequest(request, grant);
    expect(approved).to.deep.include({ state: "approved", request });
    expect(approved.answer).to.deep.include({ step: "approved", twin, device: device.id, grant, by: steward.address });
    expect(await who.client.answer(request)).to.deep.equal(approved);
    expect((await who.client.description(twin)).segments.map(({ name }) => name)).to.deep.equal(["heart", "resp"]);
    await door.anchor();
    const trust = { consortium: door.consortium };
    for (const [reading, one] of [
      [who, leaf],
      [who, approved.answerLeaf as Hex],
      [steward, approved.answerLeaf as Hex],
    ] as const) {
      const { checks } = await verifyReceipt(await reading.client.receipt(one), trust);
      expect(checks.filter(({ result }) => result === "failed")).to.deep.equal([]);
      const names = checks.map(({ name }) => name);
      expect(names).to.include("record");
      expect(names.includes("record signature")).to.equal(one === leaf);
    }
    expect(await codeOf(stranger().client.receipt(leaf))).to.equal("NOT_FOUND");
  });

  it("calls it narrowed where the grant gives less: segments, purposes or time", async () => {
    const less: Partial<Gives>[] = [{ segments: HEART }, { purposes: ["care"] }, { until: inHours(1) / 1000 }];
    for (const given of less) {
      const who = stranger();
      const { request } = await who.client.request(wish({ purposes: ["care", "emergency"] }));
      const terms = { purposes: ["care", "emergency"] as const, ...given };
      const grant = give({ twin, reader: who.address, nonce: request, ...terms });
      expect((await steward.client.approveRequest(request, grant)).state, JSON.stringify(Object.keys(given))).to.equal(
        "narrowed",
      );
    }
  });

  it("answers with no grant that gives more, or that is anything else than an answer", async () => {
    const who = stranger();
    const other = device.createTwin("of another manifest", 0b11n);
    const { request } = await who.client.request(wish({ segments: ["heart"] }));
    const right = { twin, reader: who.address, nonce: request, segments: HEART };
    const wrong: Partial<Gives>[] = [
      { nonce: ZERO_32 },
      { reader: steward.address },
      { twin: other },
      { segments: 0b11n },
      { purposes: ["care", "research"] },
      { until: inHours(24) / 1000 + 1 },
      { depth: 1 },
      { by: named("somebody else", 20) },
    ];
    for (const change of wrong) {
      const grant = give({ ...right, ...change });
      const code = await codeOf(steward.client.approveRequest(request, grant));
      expect(code, JSON.stringify(Object.keys(change))).to.equal("GRANT_EXCEEDS_REQUEST");
    }
    expect(await codeOf(steward.client.approveRequest(request, named("no grant")))).to.equal("GRANT_UNKNOWN");
    const revoked = give(right);
    door.chain.emit("GrantRegistry", "Revoked", [revoked, steward.address]);
    expect(await codeOf(steward.client.approveRequest(request, revoked))).to.equal("GRANT_UNKNOWN");
    expect((await only(who.client, request)).state).to.equal("open");
    expect((await steward.client.approveRequest(request, give(right))).state).to.equal("approved");
  });

  it("is answered once: two answers at the same time are one, and a refusal has its reason", async () => {
    const who = stranger();
    const { request } = await who.client.request(wish());
    const grant = give({ twin, reader: who.address, nonce: request });
    const before = await leaves();
    const answers = await Promise.allSettled([
      steward.client.approveRequest(request, grant),
      steward.client.refuseRequest(request, "No bed is free."),
      steward.client.refuseRequest(request, "No bed is free."),
    ]);
    expect(answers.filter(({ status }) => status === "fulfilled")).to.have.lengthOf(1);
    expect(await leaves()).to.equal(before + 1);
    expect(await codeOf(steward.client.refuseRequest(request, "Once more."))).to.equal("REQUEST_ANSWERED");
    const second = await who.client.request(wish());
    const refused = await steward.client.refuseRequest(second.request, "No bed is free.");
    expect(refused.answer).to.deep.include({ step: "refused", reason: "No bed is free.", by: steward.address });
    expect(await codeOf(steward.client.refuseRequest(second.request, ""))).to.equal("UNUSABLE_REQUEST");
  });

  it("lets nobody but a steward whom it concerns answer: to all others it is not there", async () => {
    const who = stranger();
    const { request } = await who.client.request(wish({ twin }));
    const elsewhere = stranger();
    new WrittenDevice(door, elsewhere.address);
    const grant = give({ twin, reader: who.address, nonce: request, segments: HEART });
    const bodies = new Set<string>();
    for (const { client } of [who, elsewhere, stranger()]) {
      const { token } = await client.login();
      for (const id of [request, named("no request")])
        for (const [act, body] of [
          ["approve", { grant }],
          ["refuse", { reason: "no" }],
        ] as const) {
          const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
          const asked = { method: "POST", headers, body: JSON.stringify(body) };
          const response = await fetch(`${door.url}/v1/requests/${id}/${act}`, asked);
          bodies.add(`${response.status} ${await response.text()}`);
        }
    }
    expect([...bodies]).to.have.lengthOf(1);
    expect([...bodies][0]).to.match(/^404 /);
    expect((await elsewhere.client.requests()).requests).to.deep.equal([]);
    expect((await steward.client.approveRequest(request, grant)).state).to.equal("approved");
  });

  it("is no way to find out which twins there are: an unknown one is taken, listed and expires like a known one", async () => {
    const shapes: string[][] = [];
    for (const on of [twin, named("a twin that nobody has")]) {
      const who = stranger();
      const { request, leaf } = await who.client.request(wish({ twin: on, deadline: inHours(1) }));
      const open = await only(who.client, request);
      await door.anchor();
      const receipt = JSON.parse(await who.client.receipt(leaf)) as { leaf: { subject: Hex; sequence: number } };
      // Beside a twin it would be counted: the sequence would tell how many others had asked for it.
      expect(receipt.leaf).to.include({ subject: request, sequence: 1 });
      shapes.push([...Object.keys(open), open.state, `${open.answer?.step} ${open.expires - inHours(1)}`]);
    }
    expect(shapes[0]).to.deep.equal(shapes[1]);
  });

  it("expires at its deadline, or when its time is over; the leaf says so, and nothing answers it any more", async () => {
    const who = stranger();
    const { request } = await who.client.request(wish({ deadline: inHours(1) }));
    const { request: later } = await who.client.request(wish({ until: inHours(2), deadline: inHours(3) }));
    const grant = give({ twin, reader: who.address, nonce: request });
    door.clock.ms += HOUR_MS;
    door.chain.mine();
    // Before the clockwork has looked, the time alone decides.
    expect(await codeOf(steward.client.approveRequest(request, grant))).to.equal("REQUEST_EXPIRED");
    await door.requests.expire();
    expect((await only(who.client, request)).answer).to.deep.include({ step: "expired", at: door.clock.ms });
    expect((await only(who.client, later)).state).to.equal("open");
    expect(await codeOf(steward.client.refuseRequest(request, "late"))).to.equal("REQUEST_EXPIRED");
    door.clock.ms += HOUR_MS;
    await door.requests.expire();
    await door.requests.expire();
    expect((await only(who.client, later)).state).to.equal("expired");
  });

  it("refuses what cannot be given, what nobody signed, and what is sent to where only we are", async () => {
    const who = stranger();
    const wrong: [Partial<Wish>, string][] = [
      [{ until: inHours(-1) }, "REQUEST_UNFOUNDED"],
      [{ deadline: inHours(-1) }, "REQUEST_UNFOUNDED"],
      [{ until: inHours(24 * 365), deadline: inHours(24 * 31) }, "REQUEST_UNFOUNDED"],
      [{ segments: 0b100n }, "REQUEST_UNFOUNDED"],
      [{ manifest: named("not on offer"), segments: 1n }, "REQUEST_UNFOUNDED"],
      [{ webhook: "http://127.0.0.1:9/" }, "WEBHOOK_REFUSED"],
      [{ webhook: "https://localhost/" }, "WEBHOOK_REFUSED"],
      [{ webhook: "https://10.1.2.3/" }, "WEBHOOK_REFUSED"],
      [{ webhook: "https://169.254.169.254/latest" }, "WEBHOOK_REFUSED"],
      [{ webhook: "https://[::ffff:10.0.0.1]/".replace("::ffff:10.0.0.1", "::ffff:a00:1") }, "WEBHOOK_REFUSED"],
      [{ webhook: "https://[fd00::1]/" }, "WEBHOOK_REFUSED"],
      [{ why: "" }, "UNUSABLE_REQUEST"],
    ];
    const before = await leaves();
    for (const [change, code] of wrong)
      expect(await codeOf(who.client.request(wish(change))), JSON.stringify(change.webhook ?? code)).to.equal(code);
    const signed = await sign(who, wish());
    const forged = { ...signed, asked: { ...signed.asked, reader: steward.address } };
    for (const body of [forged, { ...signed, signature: toHex(new Uint8Array(65)) }])
      expect(((await (await send(body)).json()) as { code: string }).code).to.equal("REQUEST_SIGNATURE_INVALID");
    expect(await leaves()).to.equal(before);
  });

  it("takes so many of one key, and says when to come again", async () => {
    door.clock.ms += HOUR_MS;
    const who = stranger();
    for (let i = 0; i < 16; i++) await who.client.request(wish());
    for (let i = 0; i < 4; i++) expect(await codeOf(who.client.request(wish()))).to.equal("REQUESTS_TOO_MANY");
    const response = await send(await sign(who, wish()));
    expect(response.status).to.equal(429);
    expect(Number(response.headers.get("retry-after"))).to.be.greaterThan(10);
    // One that was taken is told again, and others may ask.
    door.clock.ms += 61_000;
    await stranger().client.request(wish());
  });

  it("takes so many from one address, whoever signs them", async () => {
    door.clock.ms += HOUR_MS;
    const codes: string[] = [];
    for (let i = 0; i < 31; i++) {
      const response = await send({ format: "request@1" });
      codes.push(((await response.json()) as { code: string }).code);
    }
    expect(new Set(codes.slice(0, 30))).to.deep.equal(new Set(["UNUSABLE_REQUEST"]));
    expect(codes[30]).to.equal("REQUESTS_TOO_MANY");
    door.clock.ms += 61_000;
    await stranger().client.request(wish());
  });

  it("pages what there is, newest first, and by state", async () => {
    const { client } = steward;
    const all = await client.requests({ limit: 200 });
    expect(all.next).to.equal(null);
    const paged: ListedRequest[] = [];
    for (let before: number | null | undefined; before !== null;) {
      const page = await client.requests({ limit: 7, ...(before === undefined ? {} : { before }) });
      paged.push(...page.requests);
      before = page.next;
    }
    expect(paged.map(({ request }) => request)).to.deep.equal(all.requests.map(({ request }) => request));
    for (const state of ["open", "approved", "narrowed", "refused", "expired"] as const) {
      const { requests } = await client.requests({ state, limit: 200 });
      expect(requests.length, state).to.be.greaterThan(0);
      expect(requests).to.deep.equal(all.requests.filter((one) => one.state === state));
    }
  });
});
