// A whole small world in memory for tests of oracles: real device, gateway and oracle keys, real readings, acks and roots,
// a real detector; a chain whose rules are written down here a second time, naively, with ethers.
import { verifyTypedData } from "ethers";
import { fitPca } from "../../ml/detectors/pca.ts";
import type { PcaModel } from "../../ml/detectors/pca-model.ts";
import { hashModel } from "../../ml/model-hash.ts";
import { createRandom } from "../../ml/random.ts";
import type { Window } from "../../ml/window.ts";
import { ackMessage, type Ack } from "../../protocol/ack.ts";
import { streamEndLeaf } from "../../protocol/anchor.ts";
import { logTree } from "../../protocol/anchors.ts";
import { toBase64url, toHex, ZERO_32, type Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { es256Signer, publicKeyOf, signEs256 } from "../../protocol/es256.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { buildReading, parseReading, readingLeaf } from "../../protocol/reading.ts";
import { Tree, toHexPath } from "../../protocol/tree.ts";
import { addressOfKey, verdictDigest, type Verdict, type VerdictDomain } from "../../protocol/verdict.ts";
import type { AnchorFact, Chain, ChainView, DeviceFact, StreamFact, VerdictFact } from "../../server/chain/view.ts";
import type { SecurityReading } from "../../server/oracle/check.ts";
import type { Quorum } from "../../server/oracle/quorum.ts";
import type { Transmitter } from "../../server/oracle/transmit.ts";

export const START_MS = 1_790_000_000_000;
export const CHAIN_ID = 31337;
const id = (name: string): Hex => sha256Hex(name);
const address = (name: string): Hex => `0x${id(name).slice(-40)}`;

export const CONTRACTS = {
  MemberRegistry: address("MemberRegistry"),
  DeviceRegistry: address("DeviceRegistry"),
  TwinRegistry: address("TwinRegistry"),
  GrantRegistry: address("GrantRegistry"),
  AnchorLog: address("AnchorLog"),
  VerdictOracle: address("VerdictOracle"),
};
export const DOMAIN: VerdictDomain = { chainId: CHAIN_ID, contract: CONTRACTS.VerdictOracle };
export const STREAM = id("stream");
export const ORACLE_SET = id("oracle set");
export const gatewayKey = createRandom("gateway").bytes(32);
const GROUP = address("group");

/** secp256k1 keys of `n` oracles, in bit order. */
export const oracleKeys = (n: number): Uint8Array[] =>
  Array.from({ length: n }, (_, i) => createRandom(`oracle ${i}`).bytes(32));

const SIGNALS = ["heart", "pulse"];
const SAMPLES = 4;

/** One second of two signals that agree in clean data; an offset on `pulse` is false data. */
export function second(random: ReturnType<typeof createRandom>, at: number, offset = 0) {
  const rate = 70 + 5 * Math.sin(at / 40_000);
  const t = Array.from({ length: SAMPLES }, (_, i) => (1000 * i) / SAMPLES);
  const heart = t.map(() => Math.round(10 * (rate + random.normal())) / 10);
  const pulse = t.map(() => Math.round(10 * (rate + random.normal() + offset)) / 10);
  return [
    { name: "heart", unit: "/min", t, v: heart },
    { name: "pulse", unit: "/min", t, v: pulse },
  ];
}

function cleanWindows(seed: string, count: number): Window[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, w) => {
    const window: Window = { signals: [...SIGNALS], times: [[], []], values: [[], []] };
    for (let s = 0; s < 10; s++) {
      const at = (w * 10 + s) * 1000;
      for (const [i, segment] of second(random, at).entries()) {
        window.times[i]?.push(...segment.t.map((t) => at + t));
        window.values[i]?.push(...segment.v);
      }
    }
    return window;
  });
}

let fitted: PcaModel | undefined;
/** A detector fitted on clean seconds of other devices. */
export function fittedModel(): PcaModel {
  fitted ??= fitPca(cleanWindows("fit", 120), { pairs: [["heart", "pulse"]], calibration: cleanWindows("later", 120) });
  return fitted;
}

export interface WorldDevice {
  readonly id: Hex;
  readonly twin: Hex;
  readonly key: Uint8Array;
  readonly kept: SecurityReading[];
  prev: Hex;
  sequence: number;
  at: number;
  readonly random: ReturnType<typeof createRandom>;
}

export class World {
  readonly devices: WorldDevice[];
  readonly keys: Uint8Array[];
  readonly oracles: Hex[];
  readonly model = fittedModel();
  readonly modelHash = hashModel(this.model);
  /** The stream that is written to, and what was anchored in it. */
  stream: Hex = STREAM;
  anchors: AnchorFact[] = [];
  /** Streams that were fenced, oldest first. */
  readonly past: { stream: Hex; anchors: AnchorFact[]; fence: { size: number; leaves: number; logRoot: Hex } }[] = [];
  readonly verdicts: VerdictFact[] = [];
  readonly cleared = new Map<string, Hex>();
  readonly listeners = new Set<(view: ChainView) => void>();
  leaves = 0;
  sealed = 0;

  constructor(oracles = 4, devices = 2) {
    this.keys = oracleKeys(oracles);
    this.oracles = this.keys.map(addressOfKey);
    this.devices = Array.from({ length: devices }, (_, i) => ({
      id: id(`device ${i}`),
      twin: id(`security twin ${i}`),
      key: createRandom(`device ${i}`).bytes(32),
      kept: [],
      prev: ZERO_32,
      sequence: 0,
      at: START_MS,
      random: createRandom(`values ${i}`),
    }));
  }

  readonly consortium: Consortium = {
    format: "consortium@1",
    name: "test",
    chainId: CHAIN_ID,
    genesis: ZERO_32,
    contracts: CONTRACTS,
    members: [],
  };

  /** The device's next second, signed; nobody has it yet. */
  async makeReading(device: WorldDevice, offset = 0): Promise<string> {
    const sequence = ++device.sequence;
    const from = device.at;
    device.at += 1000;
    const text = await buildReading(
      {
        device: device.id,
        kid: 1,
        sequence,
        per: [from, device.at],
        iat: Math.floor(device.at / 1000),
        model: "pair@1",
        prev: device.prev,
        segments: second(device.random, from, offset),
        salt: () => device.random.bytes(16),
      },
      es256Signer(device.key),
    );
    device.prev = parseReading(text).content;
    return text;
  }

  /** One group commit: readings get their places and one signed promise. */
  commit(...readings: { device: WorldDevice; text: string }[]): void {
    const acks = this.promise(readings.map(({ text }) => text));
    for (const [index, { device, text }] of readings.entries()) device.kept.push({ text, ack: acks[index]! });
  }

  /** Members fence the stream and its gateway goes on in the successor, where it promises anew what was not anchored. */
  succeed(): void {
    const size = this.anchors.length;
    const logRoot = toHex(logTree(this.stream, this.anchors).root());
    const fence = { size, leaves: this.sealed, logRoot };
    this.past.push({ stream: this.stream, anchors: this.anchors, fence });
    const lost = this.devices.flatMap((device) =>
      device.kept.flatMap((kept, at) =>
        kept.ack.stream === this.stream && kept.ack.first + kept.ack.index >= this.sealed ? [{ device, at }] : [],
      ),
    );
    const block = { number: size, hash: id("succession"), timestamp: START_MS / 1000 + size };
    const root = streamEndLeaf(this.stream, size, logRoot);
    this.stream = id(`successor ${this.past.length}`);
    this.anchors = [{ number: 0, root, count: 1, firstLeaf: 0, transaction: id("succession"), block }];
    [this.leaves, this.sealed] = [1, 1];
    const acks = this.promise(lost.map(({ device, at }) => device.kept[at]!.text));
    for (const [index, { device, at }] of lost.entries()) device.kept[at] = { ...device.kept[at]!, ack: acks[index]! };
    this.changed();
  }

  private promise(texts: readonly string[]): Ack[] {
    if (texts.length === 0) return [];
    const parsed = texts.map((text) => parseReading(text));
    const tree = new Tree(parsed.map(readingLeaf));
    const promise = {
      chainId: CHAIN_ID,
      anchorLog: CONTRACTS.AnchorLog,
      stream: this.stream,
      first: this.leaves,
      count: parsed.length,
      root: toHex(tree.root()),
      acceptedAt: START_MS,
      anchorBy: START_MS / 1000 + 60,
    };
    const signature = toBase64url(signEs256(gatewayKey, ackMessage(promise)));
    this.leaves += parsed.length;
    return parsed.map(({ device, sequence, content }, index): Ack => {
      const its = { device, sequence, expected: sequence + 1, prev: content, time: START_MS };
      return { format: "ack@1", ...promise, signature, index, path: toHexPath(tree.path(index)), ...its };
    });
  }

  /** Seals and anchors what was committed; also an empty stretch counts as one leaf of something else. */
  anchor(): void {
    if (this.leaves === this.sealed) this.leaves++;
    const number = this.anchors.length;
    this.anchors.push({
      number,
      root: id(`root ${number}`),
      count: this.leaves - this.sealed,
      firstLeaf: this.sealed,
      transaction: id(`anchor ${number}`),
      block: { number, hash: id(`block ${number}`), timestamp: START_MS / 1000 + number },
    });
    this.sealed = this.leaves;
    this.changed();
  }

  /** A second of every device in one batch; `offset` falsifies the first device. */
  async tick(offset = 0): Promise<void> {
    for (const [i, device] of this.devices.entries())
      this.commit({ device, text: await this.makeReading(device, i === 0 ? offset : 0) });
    this.anchor();
  }

  changed(): void {
    const view = this.view();
    for (const listener of this.listeners) listener(view);
  }

  view(): ChainView {
    const logs = new Map([
      ...this.past.map(({ stream, anchors }) => [stream, anchors] as const),
      [this.stream, [...this.anchors]],
    ]);
    const streams = [...this.past.map(({ stream }) => stream), this.stream];
    const factOf = (stream: Hex): StreamFact | undefined => {
      const n = streams.indexOf(stream);
      if (n < 0) return undefined;
      const [predecessor, successor, past] = [streams[n - 1], streams[n + 1], this.past[n]];
      const reason = ZERO_32;
      return {
        ...{ id: stream, group: GROUP, n, standing: past ? "fenced" : "open" },
        ...(predecessor && { predecessor }),
        ...(successor && { successor }),
        ...(past && { fence: { ...past.fence, reason } }),
      };
    };
    const verdicts = [...this.verdicts];
    const facts = this.devices.map((device): DeviceFact => {
      const latest = verdicts.findLast((verdict) => verdict.device === device.id);
      return {
        id: device.id,
        steward: GROUP,
        state: latest ? (latest.kind === "suspect" ? "suspect" : "quarantined") : "active",
        modelHash: id("pair@1"),
        homeStream: STREAM,
        keys: [],
        ...(latest ? { verdict: latest } : {}),
      };
    });
    const part: Partial<ChainView> = {
      devices: () => facts,
      device: (wanted) => facts.find((fact) => fact.id === wanted),
      keyAt: (wanted) => {
        const device = this.devices.find((d) => d.id === wanted);
        return device && { number: 1, ...publicKeyOf(device.key), from: 1, until: null, marks: [] };
      },
      securityTwin: (wanted) => {
        const device = this.devices.find((d) => d.id === wanted);
        return device && {
          id: device.twin, device: device.id, assignment: null, manifestHash: ZERO_32, segments: 3n, commands: 0n,
          security: true, ended: false, epoch: 0, consent: 0,
        }; // prettier-ignore
      },
      oracles: this.oracles,
      oracleSet: ORACLE_SET,
      isOracle: (wanted) => this.oracles.includes(wanted),
      stream: factOf,
      gateway: () => ({
        group: GROUP,
        member: 0,
        keys: [{ ...publicKeyOf(gatewayKey), since: 0, until: null }],
        senders: [],
      }),
      anchors: (stream) => logs.get(stream) ?? [],
      streamSize: (stream) => logs.get(stream)?.length ?? 0,
      verdicts: () => verdicts,
      verdict: (digest) => verdicts.find((verdict) => verdict.digest === digest),
      clearedRoot: (stream, round) => this.cleared.get(nameOf(stream, round)),
    };
    return part as ChainView;
  }

  readonly chain: Pick<Chain, "view" | "onChange" | "consortium" | "waitFor"> = {
    consortium: this.consortium,
    view: () => this.view(),
    onChange: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
    waitFor: async (predicate) => {
      if (!predicate(this.view())) throw new Error("not there");
      return this.view();
    },
  };

  /** VerdictOracle's rules once more, naively: exactly the needed signatures, each by the oracle at its bit. */
  readonly transmitter: Transmitter = {
    verdict: async (verdict, quorum) => {
      const digest = verdictDigest(DOMAIN, verdict);
      const latest = this.verdicts.findLast((v) => v.device === verdict.device);
      if (
        latest?.stream === verdict.stream &&
        (latest.round > verdict.round || (latest.round === verdict.round && latest.severity >= verdict.severity))
      )
        return { outcome: "late" };
      this.requireSigners(VERDICT_FIELDS, verdict, quorum, this.faults() + 1);
      const block = this.anchors.at(-1)!.block;
      const kind = (["suspect", "suspect", "quarantine", "readmission"] as const)[verdict.kind]!;
      this.verdicts.push({ ...verdict, kind, digest, signers: quorum.signers, transaction: ZERO_32, block });
      this.changed();
      return { outcome: "sent", transaction: ZERO_32 };
    },
    allClear: async (clear, quorum) => {
      if (this.cleared.has(nameOf(clear.stream, clear.round))) return { outcome: "late" };
      this.requireSigners(CLEAR_FIELDS, clear, quorum, 2 * this.faults() + 1);
      this.cleared.set(nameOf(clear.stream, clear.round), clear.root);
      this.changed();
      return { outcome: "sent", transaction: ZERO_32 };
    },
  };

  private faults(): number {
    return Math.floor((this.oracles.length - 1) / 3);
  }

  private requireSigners(types: typeof VERDICT_FIELDS, value: object, quorum: Quorum, needed: number): void {
    const domain = {
      name: "Twinward VerdictOracle",
      version: "1",
      chainId: CHAIN_ID,
      verifyingContract: CONTRACTS.VerdictOracle,
    };
    const bits = this.oracles.map((_, bit) => bit).filter((bit) => (quorum.signers >>> bit) & 1);
    if (bits.length !== needed || quorum.signatures.length !== needed) throw new Error("SignatureCountUnexpected");
    for (const [i, bit] of bits.entries()) {
      const [r, vs] = quorum.signatures[i]!;
      const signer = verifyTypedData(domain, types, value as Verdict, `${r}${vs.slice(2)}`);
      if (signer.toLowerCase() !== this.oracles[bit]) throw new Error(`SignatureNotOracle(${bit})`);
    }
  }
}

/** A round of the first stream is called by its number. */
const nameOf = (stream: Hex, round: number): string => (stream === STREAM ? String(round) : `${stream} ${round}`);

const field = (text: string) => {
  const [type, name] = text.split(" ") as [string, string];
  return { type, name };
};
export const VERDICT_FIELDS: Record<string, { type: string; name: string }[]> = {
  Verdict: [
    "bytes32 oracleSet", "bytes32 stream", "uint64 round", "uint64 firstBatch", "uint64 lastBatch", "bytes32 device",
    "uint64 firstSequence", "uint64 lastSequence", "uint8 kind", "uint8 severity", "bytes32 model", "bytes32 leavesRoot",
  ].map(field),
}; // prettier-ignore
const CLEAR_FIELDS = {
  AllClear: ["bytes32 oracleSet", "bytes32 stream", "uint64 round", "bytes32 root"].map(field),
};
