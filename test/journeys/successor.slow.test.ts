import { expect } from "chai";
import { Wallet } from "ethers";
import { readFileSync, writeFileSync } from "node:fs";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import { rpcSource } from "../../apps/sdk/anchor-sources.ts";
import { connect } from "../../apps/sdk/client.ts";
import { ackMessage, type Ack } from "../../protocol/ack.ts";
import { fromHex, toBase64url, toHex, type Hex } from "../../protocol/bytes.ts";
import { parseConsortium } from "../../protocol/consortium.ts";
import { signEs256 } from "../../protocol/es256.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { parseReceipt, writeReceipt, type Receipt } from "../../protocol/receipt.ts";
import { verifyReceipt } from "../../protocol/verify.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import { registerBedside, type BedsideDevice } from "../helpers/bedside-device.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { newClinician } from "../helpers/clinician.ts";
import { anchorReady, postTexts } from "../helpers/raw-gateway.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

describe("journey: a fenced stream, its successor, and promises that contradict", function () {
  this.timeout(110_000);
  const journey = new Journey();
  const data = journey.path("data");
  const anyKey = journey.path("any.key");
  const memberKey = `${data}/keys/member.key`;
  let server: Server;
  /** A reading's ack and receipt in the successor of the first stream, and where all acks are kept. */
  let succeeded: { device: Hex; acksFile: string; ack: Ack; receipt: Receipt };

  before(async () => {
    server = await journey.up(data);
    await journey.ask(["key", "new", anyKey]);
  });
  after(() => journey.close());

  it("a stream that its members fenced: the server goes on in its successor when it is told to", async () => {
    const [device] = (await registerBedside(server, 1)) as [BedsideDevice];
    const { twin } = await newClinician(journey, { server, data, device: device.id });
    const signer = new Wallet(toHex(readAccountKey(journey.path("clinician.key"))));
    const acksFile = journey.path("acks.jsonl");
    const kept: Ack[] = [];
    const accepted = async (text: string): Promise<Ack> => {
      const [ack] = (await postTexts(server, text)).body.results as [Ack];
      expect(ack).to.include({ format: "ack@1" });
      writeFileSync(acksFile, `${[...kept, ack].map((one) => JSON.stringify(one)).join("\n")}\n`);
      kept.push(ack);
      return ack;
    };
    const anchored = (sequence: number): Promise<true> =>
      until("it is anchored", async () => {
        const { devices } = await server.client.devices();
        return (
          devices.some(({ id, anchoredSequence }) => id === device.id && anchoredSequence === sequence) || undefined
        );
      });
    const before = await accepted(await device.next());
    await anchored(1);
    await server.stop();

    // Nothing is sealed any more: what is promised from here on is not anchored when the members fence the stream.
    server = await journey.up(data, { SEAL_INTERVAL_MS: "60000" });
    const chain = ["--rpc", server.rpc, "--trust", `${data}/consortium.json`];
    const unkept = await device.next();
    const promised = await accepted(unkept);
    const reader = connect({ url: server.http, signer });
    const { decision } = await reader.history(twin, { purpose: "care" });
    await journey.ask(["anchors", "fence", before.stream, ...chain, "--key", memberKey, "--reason", "two databases"]);
    await until("the server says so", async () => (await anchorReady(server)) === "STREAM_FENCED" || undefined);
    expect(await server.client.anchors({ limit: 1 })).to.deep.include({ stream: before.stream, standing: "fenced" });
    const refused = await device.next();
    expect((await postTexts(server, refused)).body.code).to.equal("STREAM_FENCED");
    await server.stop();
    await auditPasses(journey, data, acksFile);

    server = await journey.up(data, {}, ["--successor"]);
    expect(await anchorReady(server)).to.equal("ok");
    const again = await accepted(unkept);
    expect([again.stream === promised.stream, again.sequence]).to.deep.equal([false, 2]);
    expect(await accepted(refused)).to.include({ stream: again.stream, sequence: 3 });
    await anchored(3);
    const page = await server.client.anchors({ limit: 9 });
    expect(page).to.include({ stream: again.stream, standing: "open" });
    const second = page.anchors.find(({ number }) => number === 1);
    expect(second).to.include({ firstLeaf: 1 });

    // Receipts of both streams, also of what was decided in the one and anchored in the other, before a stranger.
    const inNew = connect({ url: server.http, signer });
    const { readings } = await inNew.history(twin, { purpose: "care", receipts: true });
    const receipts = readings.map(({ receipt }) => receipt);
    expect(receipts.map((receipt) => receipt?.batch.stream)).to.deep.equal([before.stream, again.stream, again.stream]);
    const ofDecision = parseReceipt(await inNew.receipt(decision.leaf));
    expect([
      ofDecision.batch.stream,
      "record" in ofDecision.disclosed && ofDecision.disclosed.record.stream,
    ]).to.deep.equal([again.stream, before.stream]);
    const consortium = parseConsortium(readFileSync(`${data}/consortium.json`, "utf8"));
    const trust = { consortium, source: rpcSource(server.rpc, consortium, 0) };
    for (const receipt of [...receipts, ofDecision]) {
      const { outcome, checks } = await verifyReceipt(receipt, trust);
      expect([outcome, checks.filter(({ result }) => result !== "passed")]).to.deep.equal(["passed", []]);
    }

    succeeded = { device: device.id, acksFile, ack: again, receipt: receipts[1] ?? ofDecision };

    // From here on it needs no word, also after a kill.
    await server.stop("SIGKILL");
    server = await journey.up(data);
    expect(await accepted(unkept)).to.deep.include({ stream: again.stream, sequence: 2, signature: again.signature });
    const checked = await auditPasses(journey, data, acksFile);
    expect(checked.get("broken acks")).to.be.greaterThan(0);
  });

  it("a gateway that promises a place twice, or anchors something else there: convicted by an ack or a receipt", async () => {
    const { device, acksFile, ack: again, receipt } = succeeded;
    const { private: secret } = JSON.parse(readFileSync(`${data}/keys/gateway.key`, "utf8")) as { private: Hex };
    const lie = (ack: Ack, sequence: number): Ack => {
      const prev = sha256Hex(`never said ${sequence}`);
      const place = { first: ack.first + ack.index, count: 1, index: 0, path: [], device, sequence, prev };
      const promise = { ...ack, ...place, root: toHex(leafHash(LEAF_KINDS.reading, device, sequence, prev)) };
      return { ...promise, signature: toBase64url(signEs256(fromHex(secret, 32), ackMessage(promise))) };
    };
    const files = { honest: again, lie: lie(again, 70), other: lie(again, 71) };
    for (const [name, ack] of Object.entries(files)) writeFileSync(journey.path(`${name}.json`), JSON.stringify(ack));
    writeFileSync(journey.path("there.json"), `${writeReceipt(receipt)}\n`);
    const trusting = ["--rpc", server.rpc, "--trust", `${data}/consortium.json`];
    const convict = (name: string, ...by: string[]): string[] => [
      "anchors",
      "challenge",
      journey.path(`${name}.json`),
      ...by,
      ...trusting,
      "--key",
      anyKey,
    ];
    const [there, other] = [
      ["--receipt", journey.path("there.json")],
      ["--against", journey.path("other.json")],
    ] as const;
    const refusals = [convict("honest", ...there), convict("other", ...other), convict("lie", ...there, ...other)];
    const said = await Promise.all(refusals.map(async (words) => (await journey.run(words)).err));
    expect(said[0]).to.match(/ACK_NOT_BROKEN.*where it was promised/);
    expect(said[1]).to.match(/ACK_NOT_BROKEN.*the same leaf/);
    expect(said[2]).to.match(/not both/);
    for (const [breach, by] of [
      ["misplaced", there],
      ["contradicted", other],
    ] as const) {
      expect(await journey.ask(convict("lie", ...by))).to.include({ breach });
      await until("the server says so", async () => (await anchorReady(server)) === "STREAM_SUSPENDED" || undefined);
      if (breach === "contradicted") break;
      // What is due after the resume is not forgiven.
      await journey.ask(["anchors", "resume", again.stream, ...trusting, "--key", memberKey, "--reason", "looked"]);
    }
    await journey.ask(["anchors", "resume", again.stream, ...trusting, "--key", memberKey, "--reason", "looked again"]);
    await server.stop();
    await auditPasses(journey, data, acksFile);
  });
});
