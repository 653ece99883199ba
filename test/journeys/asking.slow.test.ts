import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { getCreateAddress, Wallet } from "ethers";
import { approveRequest } from "../../apps/cli/answer-request.ts";
import { createAccountKey, readAccountKey } from "../../apps/cli/key-file.ts";
import { openClient } from "../../apps/cli/server.ts";
import { connectProvider } from "../../apps/cli/steward.ts";
import { signRequest } from "../../apps/sdk/asking.ts";
import {
  connect,
  signAct,
  verifyWebhook,
  WEBHOOK_SIGNATURE,
  type Catalogue,
  type Client,
  type ListedRequest,
} from "../../apps/sdk/index.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { requestId } from "../../protocol/request.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { registerBedside } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

const EXAMPLE = fileURLToPath(new URL("../../apps/sdk/examples/first-reading.ts", import.meta.url));
const OPEN_INSIDE = { WEBHOOK_PRIVATE: "allow" };

/** An app that is told how its requests ended. */
class App {
  readonly posted: { body: string; signature: string }[] = [];
  /** Status of each answer. */
  answer: () => number = () => 204;
  readonly #server: HttpServer = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const signature = String(request.headers[WEBHOOK_SIGNATURE.toLowerCase()]);
      this.posted.push({ body, signature });
      response.writeHead(this.answer()).end();
    });
  });

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/answers`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe("journey: from an unknown key to a first reading", () => {
  const journey = new Journey();
  const app = new App();
  const data = journey.path("data");
  const key = journey.path("app.key");
  let server: Server;
  let at: string[];
  let twin: Hex;
  let webhook: string;
  let offer: Catalogue["manifests"][number];
  let consortium: Consortium;
  let reader: Client;
  let steward: Client;

  before(async () => {
    [server, webhook] = await Promise.all([journey.up(data, OPEN_INSIDE), app.listen()]);
    at = ["--data", data, "--url", server.http];
    const [monitor] = await registerBedside(server, 1);
    if (!monitor) return expect.fail("no monitor");
    await server.client.postReadings([await monitor.next(), await monitor.next()]);
    const cut = ["--device", monitor.id, "--segments", "heart,spo2", "--name", "ward-heart"];
    ({ twin } = await journey.ask<{ twin: Hex }>(["twin", "new", ...cut, ...at]));
    const catalogue = await until("something is on offer", async () => {
      const found = await server.client.catalogue();
      return found.manifests.length > 0 ? found : undefined;
    });
    offer = catalogue.manifests[0] ?? expect.fail("nothing is on offer");
    expect(offer.manifest.name).to.equal("ward-heart");
    consortium = await server.client.consortium();
    createAccountKey(key);
    reader = openClient(server.http, key);
    steward = openClient(server.http, `${data}/keys/steward.key`);
  });
  after(async () => {
    app.close();
    await journey.close();
  });

  const wish = (...more: string[]): string[] => [
    "request", "new", "--manifest", offer.hash, "--purposes", "care,emergency", "--until", "+8h", "--why", "the ward round",
    "--key", key, "--url", server.http, ...more,
  ]; // prettier-ignore

  const nextOpen = (): Promise<ListedRequest> =>
    until("somebody asks", async () => (await steward.requests({ state: "open" })).requests[0]);

  const readerWallet = (): Wallet => new Wallet(toHex(readAccountKey(key)));

  const ask = (deadline?: number): ReturnType<Client["request"]> =>
    reader.request({
      manifest: offer.hash,
      purposes: ["care"],
      until: Date.now() + 3_600_000,
      why: "a webhook",
      webhook,
      ...(deadline === undefined ? {} : { deadline }),
    });

  it("is an example of at most twenty lines with the SDK alone, while a steward approves", async () => {
    const text = readFileSync(EXAMPLE, "utf8");
    expect(text.trimEnd().split("\n").length).to.be.at.most(20);
    expect([...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from)).to.deep.equal(["ethers", "../index.ts"]);
    const example = spawn(process.execPath, [EXAMPLE, server.http], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [example.stdout, example.stderr])
      stream.on("data", (part: Buffer) => (said += part.toString()));
    const ended = once(example, "close");
    const open = await nextOpen();
    expect(open.asked).to.include({ manifest: offer.hash, why: "To see one." });
    const approved = await journey.ask<ListedRequest>(["request", "approve", open.request, ...at]);
    expect(approved).to.include({ state: "approved" });
    expect(approved.answer).to.include({ twin });
    const [code] = (await ended) as [number];
    expect(said).to.equal("reading 1: passed\n");
    expect(code).to.equal(0);
  });

  it("may be given less; who asked is told, and reads so much", async () => {
    const going = journey.start([...wish("--wait"), "--json"]);
    const { request } = await nextOpen();
    const narrowing = ["request", "narrow", request, "--segments", "heart", "--purposes", "care", "--until", "+1h"];
    expect((await journey.ask<ListedRequest>([...narrowing, ...at])).state).to.equal("narrowed");
    const { out, err } = await going.ended;
    expect(JSON.parse(out), err).to.deep.include({ state: "narrowed", request });
    const [listed] = await journey.ask<ListedRequest[]>(["request", "list", "--key", key, ...at]);
    expect(listed).to.deep.include({ state: "narrowed", request });
    const { segments, purpose } = await reader.history(twin, { limit: 1 });
    expect([segments, purpose]).to.deep.equal([["heart"], "care"]);
  });

  it("takes what a contract signs (ERC-1271): the chain is asked", async () => {
    const provider = connectProvider(server.rpc, consortium.chainId);
    const deployer = new Wallet(toHex(readAccountKey(`${data}/keys/steward.key`)), provider);
    const nonce = await deployer.getNonce();
    const wallet = getCreateAddress({ from: deployer.address, nonce }).toLowerCase() as Hex;
    const { chainId, contracts } = consortium;
    const wish = {
      manifest: offer.hash,
      purposes: ["care"],
      until: Date.now() + 3_600_000,
      why: "of a contract",
    } as const;
    const signer = {
      getAddress: async () => wallet,
      signMessage: async () => "0x",
      signTypedData: async () => "0x1234",
    };
    const facts = { consortium, catalogue: () => server.client.catalogue(), now: Date.now() };
    const { asked, signature } = await signRequest(wish, signer, facts);
    const id = requestId({ chainId, contract: contracts.GrantRegistry }, asked);
    // Its isValidSignature answers the standard's word for this one digest, as a multisignature wallet's does.
    const code = `7f${id.slice(2)}60043514631626ba7e60e01b025f5260205ff3`;
    const fees = { gasPrice: 0n, type: 0, gasLimit: 200_000n, nonce };
    await (await deployer.sendTransaction({ data: `0x60348060095f395ff3${code}`, ...fees })).wait();
    provider.destroy();

    const send = async (body: object): Promise<Record<string, unknown>> => {
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify({ format: "request@1", signature, ...body }) };
      return (await (await fetch(`${server.http}/v1/requests`, init)).json()) as Record<string, unknown>;
    };
    expect(await send({ asked })).to.include({ request: id });
    const other = { ...asked, why: "of nobody" };
    expect(await send({ asked: other })).to.include({ code: "REQUEST_SIGNATURE_INVALID" });
    expect((await steward.refuseRequest(id, "Not to a contract.")).state).to.equal("refused");
  });

  it("is given by a signature that anybody brings, and ended by one: the server sends it", async () => {
    const provider = connectProvider(server.rpc, consortium.chainId);
    const wallet = new Wallet(toHex(readAccountKey(`${data}/keys/steward.key`)));
    const chainTime = async (): Promise<number> => (await provider.getBlock("latest"))?.timestamp ?? 0;
    const [listed] = (await steward.twins()).filter((one) => one.twin === twin);
    const wished = { manifest: offer.hash, purposes: ["care"], until: Date.now() + 3_600_000 } as const;
    const { request } = await reader.request({ ...wished, why: "by signature" });
    const present = await chainTime();
    const said = {
      twin,
      reader: (await reader.login()).address,
      // What was asked, by the wall clock: the chain's may be behind on a busy machine, and less would be less than asked.
      ...{
        from: present,
        until: Math.floor(wished.until / 1000),
        segments: listed?.segments ?? "1",
        purposes: ["care"] as const,
      },
      ...{ depth: 0, parent: null, epoch: listed?.epoch ?? 0, nonce: request, deadline: present + 600 },
    };
    const codeOf = async (asked: Promise<unknown>): Promise<string> =>
      asked.then(
        () => "taken",
        (error: { code: string }) => error.code,
      );
    const granted = await signAct({ format: "grant@1", said }, wallet, consortium);
    const forged = { ...granted, said: { ...said, segments: "1" } } as typeof granted;
    expect(await codeOf(steward.relay(forged))).to.equal("SIGNATURE_INVALID");
    expect(await codeOf(steward.relay({ ...granted, signer: said.reader }))).to.equal("NOT_STEWARD");
    const nobody = Wallet.createRandom();
    const stranger = connect({ url: server.http, signer: nobody });
    expect(await codeOf(stranger.relay(forged)), "a stranger is told nothing").to.equal("NOT_FOUND");
    const byStranger = await signAct({ format: "grant@1", said }, nobody, consortium);
    const ofNothing = await signAct({ format: "grant@1", said: { ...said, twin: request } }, nobody, consortium);
    for (const act of [byStranger, ofNothing]) expect(await codeOf(stranger.relay(act))).to.equal("NOT_FOUND");

    const { grant, transaction } = await stranger.relay(granted);
    expect((await provider.getTransactionReceipt(transaction ?? ""))?.status).to.equal(1);
    if (grant === null) return expect.fail("no grant");
    const again = { grant, transaction: null };
    expect(await steward.relay(granted), "sent again").to.deep.equal(again);
    expect(await stranger.relay(granted), "sent again by whoever has the signature").to.deep.equal(again);
    const guessed = { ...granted, signature: byStranger.signature };
    expect(await codeOf(stranger.relay(guessed)), "guessed by whoever has none").to.equal("NOT_FOUND");
    const wider = await signAct({ format: "grant@1", said: { ...said, depth: 1 } }, wallet, consortium);
    expect(await codeOf(steward.relay(wider)), "another grant under the same nonce").to.equal("NONCE_USED");
    expect((await steward.approveRequest(request, grant)).state).to.equal("approved");
    expect((await reader.history(twin, { grant, limit: 1 })).readings).to.have.length(1);

    const ended = { format: "revocation@1", said: { grant, deadline: present + 600 } } as const;
    const byReader = await signAct(ended, readerWallet(), consortium);
    expect(await codeOf(reader.relay(byReader))).to.equal("NOT_STEWARD");
    const revoked = await signAct(ended, wallet, consortium);
    expect((await reader.relay(revoked)).grant).to.equal(grant);
    expect(await codeOf(reader.history(twin, { grant, limit: 1 }))).to.equal("GRANT_REVOKED");
    expect((await steward.relay(revoked)).transaction, "sent again").to.equal(null);
    provider.destroy();
  });

  it("is told by a webhook that the gateway signed, again and again until somebody takes it", async () => {
    let left = 2;
    app.answer = () => (left-- > 0 ? 500 : 204);
    const { request } = await ask();
    await journey.ask(["request", "refuse", request, "--reason", "Not today.", ...at]);
    await until("it is taken", async () => (app.posted.length >= 3 ? true : undefined));
    const [one, two, three] = app.posted;
    expect(new Set([one?.body, two?.body, three?.body]).size).to.equal(1);
    for (const { body, signature } of app.posted) {
      const { answer } = verifyWebhook(consortium, body, signature);
      expect(answer).to.deep.include({ step: "refused", request, reason: "Not today." });
      expect(() => verifyWebhook(consortium, body.replace("Not today.", "Of course."), signature)).to.throw("UNUSABLE");
    }
  });

  const ENDINGS = {
    narrowed: async (): Promise<Hex> => {
      const { request } = await ask();
      await journey.ask(["request", "narrow", request, "--segments", "heart", "--until", "+30m", ...at]);
      return request;
    },
    // Nobody answers it.
    expired: async (): Promise<Hex> => (await ask(Date.now() + 3_000)).request,
  };
  for (const [state, end] of Object.entries(ENDINGS))
    it(`is told by a webhook also that it was ${state}, again when nobody took it, under one signature of the gateway`, async () => {
      app.posted.length = 0;
      let left = 1;
      app.answer = () => (left-- > 0 ? 500 : 204);
      const request = await end();
      await until("it is taken", async () => (app.posted.length >= 2 ? true : undefined));
      const [listed] = (await reader.requests({ request })).requests;
      expect(listed?.state).to.equal(state);
      expect(new Set(app.posted.map(({ body }) => body)).size, "each time the same").to.equal(1);
      for (const { body, signature } of app.posted) {
        const { answer, leaf } = verifyWebhook(consortium, body, signature);
        expect(answer).to.deep.equal(listed?.answer);
        expect([answer.step, answer.request, leaf]).to.deep.equal([state, request, listed?.answerLeaf]);
        expect(() => verifyWebhook(consortium, body.replace(state, "approved"), signature)).to.throw("UNUSABLE");
      }
      const checked = await auditPasses(journey, data);
      expect(checked.get("webhooks"), "what was taken is posted no more").to.equal(0);
      expect(app.posted.length).to.equal(2);
    });

  it("takes thirty signed acts a minute of whoever brings them: of the next one nothing reaches the chain", async () => {
    const provider = connectProvider(server.rpc, consortium.chainId);
    try {
      const wallet = new Wallet(toHex(readAccountKey(`${data}/keys/steward.key`)));
      const [listed] = (await steward.twins()).filter((one) => one.twin === twin);
      const from = (await provider.getBlock("latest"))?.timestamp ?? 0;
      const { address } = await reader.login();
      const said = {
        ...{ twin, reader: address, from, until: from + 3_600, segments: listed?.segments ?? "1", purposes: ["care"] as const },
        ...{ depth: 0, parent: null, epoch: listed?.epoch ?? 0, nonce: toHex(new Uint8Array(32).fill(31)), deadline: from + 600 },
      }; // prettier-ignore
      const valid = await signAct({ format: "grant@1", said }, wallet, consortium);
      // By its own signature the contract would take it: what is forged is refused after the same look.
      const forged = { ...valid, said: { ...said, until: said.until - 1 } };
      const bringer = connect({ url: server.http, signer: Wallet.createRandom() });
      const { token } = await bringer.login();
      const bring = (act: object): Promise<Response> =>
        fetch(`${server.http}/v1/grants`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify(act),
        });
      const began = Date.now();
      const statuses = await Promise.all(Array.from({ length: 5 }, () => forged).map(bring)).then((answers) =>
        answers.map(({ status }) => status),
      );
      for (let n = 5; n < 30; n++) statuses.push((await bring(forged)).status);
      expect(Date.now() - began, "all within the minute that is counted").to.be.below(60_000);
      expect(new Set(statuses)).to.deep.equal(new Set([404]));
      const refused = await bring(valid);
      expect(refused.status).to.equal(429);
      expect(((await refused.json()) as { code: string }).code).to.equal("REQUESTS_TOO_MANY");
      expect(Number(refused.headers.get("retry-after"))).to.be.within(1, 60);
      const seenAt = await provider.getBlockNumber();
      await until("the chain has gone on", async () =>
        (await provider.getBlockNumber()) > seenAt + 1 ? true : undefined,
      );
      const logs = await provider.getLogs({ address: consortium.contracts.GrantRegistry, fromBlock: seenAt - 2 });
      expect(logs, "what the registry has said since").to.deep.equal([]);
      // Nothing is wrong with it: somebody else brings the same one.
      const { transaction } = await connect({ url: server.http, signer: Wallet.createRandom() }).relay(valid);
      expect((await provider.getTransactionReceipt(transaction ?? ""))?.status).to.equal(1);
    } finally {
      provider.destroy();
    }
  });

  it("is told also when the server was killed before anybody took it, and then no more", async () => {
    app.posted.length = 0;
    app.answer = () => 503;
    const { request } = await ask();
    await approveRequest({ request, url: server.http, stewardKey: `${data}/keys/steward.key` });
    await until("it was tried", async () => (app.posted.length > 0 ? true : undefined));
    await server.stop("SIGKILL");
    await journey.nothingRuns();
    const before = app.posted.length;
    app.answer = () => 200;
    server = await journey.up(data, OPEN_INSIDE);
    await until("it is taken", async () => (app.posted.length > before ? true : undefined));
    const { body, signature } = app.posted.at(-1) ?? expect.fail();
    const { answer, leaf } = verifyWebhook(consortium, body, signature);
    expect(answer).to.deep.include({ step: "approved", request });
    expect(leaf).to.match(/^0x[0-9a-f]{64}$/);
    const checked = await until("the table is empty", async () => {
      const found = await auditPasses(journey, data);
      return found.get("webhooks") === 0 ? found : undefined;
    });
    expect(checked.get("requests")).to.equal(8);
    expect(app.posted.length).to.equal(before + 1);
  });
});
