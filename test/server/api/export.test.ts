import { expect } from "chai";
import fc from "fast-check";
import { fileSource, verifyExport } from "../../../apps/sdk/index.ts";
import { checkpointOver } from "../../../protocol/anchors.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { signCheckpoint } from "../../../protocol/checkpoint.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { DecisionLine, EndLine, HeadLine, ReadingLine, ReleaseLine } from "../../../protocol/export.ts";
import type { KeyHistory } from "../../../protocol/key-history.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import type { Trust } from "../../../protocol/verify.ts";
import type { ExportVerification } from "../../../protocol/verify-export.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { addressOf, codeOf, MODEL, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const SEED = Number(process.env.SEED ?? 7);
const GIVEN = { from: START - 10, until: START + 1000, segments: 0b11n, purposes: purposesMask(["care"]) };
const TREND: Manifest = {
  ...{ format: "manifest@1", name: "trend", model: modelHash(MODEL), segments: ["heart"], delay: 0, commands: [] },
  resolution: { interval: 5, show: ["mean", "count"] },
};

describe("an export of a twin", () => {
  let door: FrontDoor;
  let device: WrittenDevice;
  let twin: Hex;
  let trend: Hex;
  let grant: Hex;
  let text: string;

  before(async () => {
    door = await openFrontDoor(START);
    device = new WrittenDevice(door, named("steward", 20));
    twin = device.createTwin("care", 0b111n);
    grant = device.grant(twin, door.reader.address, GIVEN);
    await door.reader.client.postDocument(TREND);
    trend = device.createTwin("trend", 0b1n, { manifest: manifestHash(TREND) });
    device.grant(trend, door.reader.address, GIVEN);
    await send(5);
    await send(7, 2);
    door.clock.ms += 60_000;
    // What a derived twin shows is a leaf once somebody asked for it, and anchored later than that.
    await door.reader.client.history(trend);
    await door.anchor();
    await send(1);
    text = await exported(twin);
  });
  after(() => door.close());

  async function send(count: number, skip = 0): Promise<void> {
    const texts: string[] = [];
    for (let n = 0; n < count; n++) texts.push(await device.read(n === 0 ? skip : 0));
    await door.reader.client.postReadings(texts);
  }

  const exported = async (id: Hex, ask = {}): Promise<string> =>
    new Response(await door.reader.client.export(id, ask)).text();

  const linesOf = <T>(from: string, kind: string): T[] =>
    from
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as T & { kind: string })
      .filter((line) => line.kind === kind);

  const verify = async (of: string): Promise<ExportVerification> => {
    const lines = of.endsWith("\n") ? of.slice(0, -1).split("\n") : of.split("\n");
    return verifyExport(each(lines), await trust());
  };

  it("has the values as any tool reads them, in order, and with each what proves it", async () => {
    const [head] = linesOf<HeadLine>(text, "head");
    expect(head).to.deep.include({
      format: "export@1",
      twin,
      device: device.id,
      segments: ["heart", "resp"],
      from: null,
    });
    expect(linesOf<DecisionLine>(text, "decision")).to.have.length(1);
    const readings = linesOf<ReadingLine>(text, "reading");
    expect(readings.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(readings[5]?.gap).to.deep.equal({ from: 6, to: 7 });
    expect(readings[0]?.values).to.deep.equal({
      heart: { u: "/min", t: [0, 500], v: [60, 61] },
      resp: { u: "/min", t: [0, 500], v: [61, 62] },
    });
    const told = await verify(text);
    // One reading came too late to be anchored, and nothing else is open.
    expect(told.outcome).to.equal("not checked");
    const open = told.checks.filter(({ result }) => result !== "passed");
    expect(open.map(({ name }) => name)).to.deep.equal(["receipt"]);
    expect(told.checks.find(({ name }) => name === "device signature")?.detail).to.equal("12 of 12");
  });

  it("is a leaf with the digest of what was sent, listed for whom it concerns, and passes whole once all is anchored", async () => {
    const [end] = linesOf<EndLine>(text, "end");
    const { records } = await door.reader.client.records(twin, "export");
    expect(records.map(({ record }) => record)).to.deep.equal([end?.record]);
    expect(end?.record).to.include({ ended: null, reader: door.reader.address, lines: text.split("\n").length - 2 });
    await door.anchor();
    const all = await verify(await exported(twin));
    expect(all.checks.filter(({ result }) => result !== "passed")).to.deep.equal([]);
    expect(all.outcome).to.equal("passed");
    const part = await exported(twin, { since: START * 1000 + 2000, until: START * 1000 + 5000 });
    expect(linesOf<ReadingLine>(part, "reading").map(({ sequence }) => sequence)).to.deep.equal([2, 3, 4]);
    expect((await verify(part)).outcome).to.equal("passed");
  });

  it("of a derived twin has its releases, and no reading", async () => {
    const study = await exported(trend);
    expect(linesOf<ReadingLine>(study, "reading")).to.deep.equal([]);
    const releases = linesOf<ReleaseLine>(study, "release");
    expect(releases.length).to.be.greaterThan(1);
    expect(releases[0]?.values).to.deep.equal({ heart: { u: "/min", mean: 60.5, count: 8 } });
    const { checks, outcome } = await verify(study);
    expect(checks.filter(({ result }) => result === "failed")).to.deep.equal([]);
    // Which readings they follow from only the house can tell.
    expect(outcome).to.equal("not checked");
    expect(checks.find(({ name }) => name === "derivation")?.result).to.equal("not checked");
  });

  it("of a derived twin names its lowest and highest release, in whatever order they were drawn", async () => {
    const manifest = { ...TREND, name: "backwards" };
    await door.reader.client.postDocument(manifest);
    const backwards = device.createTwin("backwards", 0b1n, { manifest: manifestHash(manifest) });
    device.grant(backwards, door.reader.address, GIVEN);
    // Draws the newest interval alone.
    await door.reader.client.state(backwards);
    const whole = await exported(backwards);
    const sequences = linesOf<ReleaseLine>(whole, "release").map(({ sequence }) => sequence);
    expect(sequences.at(-1)).to.equal(1);
    expect(linesOf<EndLine>(whole, "end")[0]?.record.sequences).to.deep.equal([1, sequences.length]);
    const { checks } = await verify(whole);
    expect(checks.filter(({ result }) => result === "failed")).to.deep.equal([]);
  });

  it("has failed, and is no crash, where a line has no RFC 8785 form", async () => {
    const [head = "", ...rest] = text.slice(0, -1).split("\n");
    const half = String.raw`{"kind":"\ud800"}`;
    const { outcome, checks } = await verify([head, half, ...rest].join("\n"));
    expect(outcome).to.equal("failed");
    expect(checks.find(({ name }) => name === "lines")?.detail).to.contain("line 2");
    const bad = head.replace('"kind":"head"', String.raw`"kind":"head","model":"\ud800"`);
    expect(await codeOf(verify([bad, ...rest].join("\n")))).to.equal("UNUSABLE_EXPORT");
  });

  it("is found wherever a character of it is changed, a line is taken out or moved, or its end is missing", async () => {
    const whole = await exported(twin);
    const lines = whole.slice(0, -1).split("\n");
    const changed = fc.oneof(
      fc.record({ at: fc.nat(whole.length - 1), by: fc.integer({ min: 1, max: 94 }) }).map(({ at, by }) => {
        const other = String.fromCharCode(32 + ((whole.charCodeAt(at) - 32 + by) % 95));
        return whole.slice(0, at) + other + whole.slice(at + 1);
      }),
      fc.nat(lines.length - 1).map((n) => `${lines.filter((_, i) => i !== n).join("\n")}\n`),
      fc
        .nat(lines.length - 2)
        .map((n) => `${[...lines.slice(0, n), lines[n + 1], lines[n], ...lines.slice(n + 2)].join("\n")}\n`),
      fc.nat(lines.length - 2).map((n) => `${lines.slice(0, n + 1).join("\n")}\n`),
    );
    await fc.assert(
      fc.asyncProperty(changed, async (text_) => {
        const outcome = await verify(text_).then(
          (told) => told.outcome,
          (error: unknown) => (error instanceof TwinwardError ? error.code : "crashed"),
        );
        expect(outcome).to.be.oneOf(["failed", "UNUSABLE_EXPORT", "UNUSABLE_RECEIPT"]);
      }),
      { seed: SEED, numRuns: 120 },
    );
  });

  it("stops where the grant is revoked in its middle, and says so; a stranger gets what a history would give", async () => {
    expect(await codeOf(door.oracle.client.export(twin, { purpose: "care" }))).to.equal("NOT_FOUND");
    for (let n = 0; n < 3; n++) await send(150);
    // The chain is looked at before and after each step is loaded: the third look, the second step's, finds it revoked.
    const { fresh } = door.chain;
    let looks = 0;
    door.chain.fresh = async () => {
      looks += 1;
      if (looks === 3) door.chain.emit("GrantRegistry", "Revoked", [grant, door.reader.address]);
      return fresh();
    };
    const rest = await exported(twin);
    door.chain.fresh = fresh;
    const [end] = linesOf<EndLine>(rest, "end");
    const shown = linesOf<ReadingLine>(rest, "reading");
    expect(end?.record.ended).to.equal("GRANT_REVOKED");
    expect(shown).to.have.length(200);
    expect(end?.record.sequences).to.deep.equal([1, shown.at(-1)?.sequence]);
    const { checks, outcome } = await verify(rest);
    expect(outcome).to.equal("not checked");
    expect(checks.find(({ name }) => name === "complete")?.detail).to.contain("GRANT_REVOKED");
  });

  async function trust(): Promise<Trust> {
    const { chain, consortium, stream, member } = door;
    const view = chain.view();
    const keys = [{ number: 1, ...device.key, from: 1, until: null, marks: [] }];
    const history: KeyHistory = { device: device.id, steward: named("steward", 20), keys };
    const group = consortium.members[0]?.gateways[0]?.group ?? named("group", 20);
    const streams = [{ stream, group, anchors: view.anchors(stream) }];
    const unsigned = checkpointOver(consortium, view.head, streams, [history]);
    const sign = (digest: Uint8Array): Hex => member.signingKey.sign(digest).serialized.toLowerCase() as Hex;
    const checkpoint = await signCheckpoint(unsigned, "North", addressOf(member), sign);
    const { chainId, genesis, contracts } = consortium;
    const file = { format: "anchors@1", chainId, genesis, contracts, streams, devices: [history], checkpoint };
    return { consortium, source: fileSource(JSON.stringify(file)) };
  }
});

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}
