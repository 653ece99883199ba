import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createBedside } from "../../lab/bedside.ts";
import { Monitor, ZERO } from "../../lab/monitor.ts";
import type { Answer, Transport } from "../../lab/transport.ts";
import { NoAnswer } from "../../lab/transport.ts";
import { createWard, observeWard, runWard, sendPending, type Clock } from "../../lab/ward.ts";
import model from "../../lab/models/monitor.json" with { type: "json" };
import { createRandom } from "../../ml/random.ts";
import type { Ack } from "../../protocol/ack.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { readDeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import { newPrivateKey, publicKeyOf } from "../../protocol/es256.ts";
import { deviceId } from "../../protocol/ids.ts";
import { checkAgainstModel, parseReading, verifyReadingSignature } from "../../protocol/reading.ts";
import { toRefusal } from "../../protocol/refusal.ts";

const REGISTRY: Hex = `0x${"11".repeat(20)}`;
const START = 1_790_000_000_000;

function identity(seed: string) {
  const random = createRandom(seed);
  const key = newPrivateKey((size) => random.bytes(size));
  return { device: deviceId(31337, REGISTRY, publicKeyOf(key)), kid: 1, key };
}
const salts = createRandom("salts");
const salt = () => salts.bytes(16);

/** The gateway's order rule (DESIGN.md section 8) over one device, told naively: what a monitor has to get along with. */
function orderKeeper() {
  let last = { sequence: 0, content: ZERO };
  const accepted = new Map<number, Hex>();
  const refuse = (code: ErrorCode): Answer =>
    toRefusal(new TwinwardError(code, {}), { expected: last.sequence + 1, prev: last.content });
  const transport: Transport = {
    send(text) {
      const { sequence, gap, prev, content, device } = parseReading(text);
      const ack = () => Promise.resolve({ format: "ack@1", device, sequence } as Ack);
      if (sequence <= last.sequence) {
        if (accepted.get(sequence) === content) return ack();
        return Promise.resolve(refuse(accepted.has(sequence) ? "SEQUENCE_CONFLICT" : "SEQUENCE_IN_GAP"));
      }
      if (sequence - gap > last.sequence + 1) return Promise.resolve({ held: true, expected: last.sequence + 1 });
      if (prev !== (accepted.get(sequence - gap - 1) ?? ZERO) && !(gap > 0 && prev === ZERO))
        return Promise.resolve(refuse("PREV_MISMATCH"));
      accepted.set(sequence, content);
      last = { sequence, content };
      return ack();
    },
    close: () => Promise.resolve(),
  };
  return { transport, accepted, sequence: () => last.sequence };
}
const noNetwork: Transport = { send: () => Promise.reject(new NoAnswer("cut")), close: () => Promise.resolve() };

describe("a monitor", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "monitor-"))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const monitor = (options: { directory?: string } = { directory }) =>
    new Monitor({ ...identity("one"), bed: createBedside("one", 0), salt, ...options });

  it("signs readings that stand against its model, chained by prev", async () => {
    const own = monitor();
    const first = parseReading((await own.observe(START)).text);
    const second = parseReading((await own.observe(START + 1000)).text);
    checkAgainstModel(first, readDeviceModel(model));
    expect(verifyReadingSignature(first, publicKeyOf(identity("one").key))).to.equal(true);
    expect([first.sequence, first.prev, first.gap]).to.deep.equal([1, ZERO, 0]);
    expect([second.sequence, second.prev]).to.deep.equal([2, first.content]);
    expect(second.per).to.deep.equal([START, START + 1000]);
    expect(second.disclosures.every((d) => d.v.length === 2)).to.equal(true);
  });

  it("sends the same bytes again after a lost network and after a power cut", async () => {
    const before = monitor();
    const signed = [await before.observe(START), await before.observe(START + 1000)];
    await sendPending(before, noNetwork);
    const after = monitor();
    expect(after.pending.map((r) => r.text)).to.deep.equal(signed.map((r) => r.text));
    expect(after.nextSequence).to.equal(3);
    const gateway = orderKeeper();
    await sendPending(after, gateway.transport);
    expect([after.ackedSequence, after.pending.length, gateway.sequence()]).to.deep.equal([2, 0, 2]);
  });

  it("asks for its counter when it lost it, and says that everything before is lost to it", async () => {
    const gateway = orderKeeper();
    const before = monitor({});
    for (let i = 1; i <= 5; i++) await before.observe(START + i * 1000);
    await sendPending(before, gateway.transport);
    const after = monitor({});
    await after.observe(START + 6000);
    await sendPending(after, gateway.transport);
    const { text } = await after.observe(START + 7000);
    expect(parseReading(text)).to.include({ sequence: 6, gap: 5, prev: ZERO });
    await sendPending(after, gateway.transport);
    expect(gateway.sequence()).to.equal(6);
  });

  it("says with gap what it lost, and never signs a sequence twice", async () => {
    const gateway = orderKeeper();
    const own = monitor({});
    await own.observe(START);
    await sendPending(own, gateway.transport);
    const seen = new Set<number>([1]);
    for (let i = 1; i <= 601; i++) seen.add((await own.observe(START + i * 1000)).sequence);
    expect(seen.size).to.equal(602);
    const [only] = own.pending;
    expect(own.pending).to.have.length(1);
    expect(parseReading(only!.text)).to.include({ sequence: 602, gap: 600, prev: gateway.accepted.get(1)! });
    await sendPending(own, gateway.transport);
    expect(gateway.sequence()).to.equal(602);
  });

  it("keeps its readings while it is not welcome", async () => {
    const own = monitor();
    await own.observe(START);
    const answer = toRefusal(new TwinwardError("SEQUENCE_CONFLICT", {}));
    await sendPending(own, { ...noNetwork, send: () => Promise.resolve(answer) });
    expect(own.pending).to.have.length(1);
  });
});

describe("a ward", () => {
  it("lives as fast as its clock and sends everything", async () => {
    const identities = ["a", "b", "c"].map(identity);
    const ward = createWard({ monitors: identities, seed: "ward", start: START, salt });
    const gateways = new Map(ward.monitors.map((m) => [m, orderKeeper()]));
    const stop = new AbortController();
    let now = START;
    const clock: Clock = {
      now: () => now,
      until: (time) => {
        now = time;
        if (now > START + 60_000) stop.abort();
        return new Promise((resolve) => setImmediate(resolve));
      },
    };
    await runWard(ward, (m) => gateways.get(m)!.transport, { signal: stop.signal, clock });
    for (const monitor of ward.monitors) await sendPending(monitor, gateways.get(monitor)!.transport);
    expect(ward.now).to.equal(START + 60_000);
    for (const monitor of ward.monitors)
      expect(gateways.get(monitor)!.sequence() + monitor.pending.length).to.be.at.least(monitor.ackedSequence);
    expect([...gateways.values()].map((g) => g.sequence())).to.deep.equal([60, 60, 60]);
  });

  it("passes whole seconds only", async () => {
    const ward = createWard({ monitors: [identity("x")], seed: "w", start: START, salt });
    await observeWard(ward, START + 2999);
    expect(ward.now).to.equal(START + 2000);
    expect(ward.monitors[0]!.nextSequence).to.equal(3);
  });
});
