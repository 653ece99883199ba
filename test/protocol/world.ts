import { p256 } from "@noble/curves/nist.js";
import { Wallet } from "ethers";
import {
  ackMessage,
  buildReading,
  buildRecord,
  checkpointOver,
  deviceId,
  leafHash,
  logTree,
  parseReading,
  presentation,
  publicKeyOf,
  readingLeaf,
  recordKind,
  sha256,
  signCheckpoint,
  sourceOfAnchors,
  streamId,
  toBase64url,
  toHex,
  Tree,
  utf8,
  ZERO_32,
  type Anchor,
  type AnchorsFile,
  type Consortium,
  type Contracts,
  type DecisionRecord,
  type Es256Signer,
  type Hex,
  type KeyHistory,
  type Receipt,
} from "../../protocol/index.ts";

/** Bytes that a seed and a name decide: keys, salts and hashes of a test world. */
export function drawn(seed: string, name: string, size = 32): Uint8Array {
  return sha256(utf8(`${seed}/${name}`)).subarray(0, size);
}

/** A deterministic signer (RFC 6979), so that a world is the same each time. */
export function steadySigner(privateKey: Uint8Array): Es256Signer {
  return (message) => p256.sign(message, privateKey, { lowS: false, prehash: true, format: "compact" });
}

export const SEGMENTS = [
  { name: "heart", unit: "/min", t: [0, 1000, 2000], v: [72, 72.5, null] },
  { name: "resp", unit: "/min", t: [0], v: [14] },
  { name: "spo2", unit: "%", t: [], v: [] },
];

export interface TestWorld {
  consortium: Consortium;
  anchors: AnchorsFile;
  history: KeyHistory;
  readings: string[];
  /** Receipt of reading 3, with two of its three segments and the gateway's ack. */
  receipt: Receipt;
  /** Receipt of a decision in the same batch. */
  decision: Receipt;
}

/** A whole consortium in memory: chain, device, gateway, six readings and a decision in four batches, checkpoint. */
export async function makeWorld(seed: string, chainId = 31337): Promise<TestWorld> {
  const hex = (name: string, size = 32): Hex => toHex(drawn(seed, name, size));
  const member = new Wallet(hex("member"));
  const contracts = Object.fromEntries(
    ["MemberRegistry", "DeviceRegistry", "AnchorLog", "TwinRegistry", "GrantRegistry", "VerdictOracle"].map((name) => [
      name,
      hex(name, 20),
    ]),
  ) as Contracts;
  const gatewayKey = drawn(seed, "gateway");
  const group = hex("group", 20);
  const consortium: Consortium = {
    format: "consortium@1",
    name: "Two wards",
    chainId,
    genesis: hex("genesis"),
    contracts,
    members: [
      {
        name: "North",
        endpoint: "https://north.example",
        signer: member.address.toLowerCase() as Hex,
        gateways: [{ group, ...publicKeyOf(gatewayKey) }],
        oracles: [hex("oracle", 20)],
      },
    ],
  };
  const stream = streamId(chainId, contracts.AnchorLog, group, 0);

  const deviceKey = drawn(seed, "device");
  const key = publicKeyOf(deviceKey);
  const device = deviceId(chainId, contracts.DeviceRegistry, key);
  const history: KeyHistory = {
    device,
    steward: hex("steward", 20),
    keys: [{ number: 1, ...key, from: 1, until: null, marks: [] }],
  };
  const start = 1_790_000_005_000;
  const readings: string[] = [];
  let prev = ZERO_32;
  for (let sequence = 1; sequence <= 6; sequence++) {
    const from = start + 5000 * sequence;
    let drawnSalts = 0;
    const text = await buildReading(
      {
        device,
        kid: 1,
        sequence,
        per: [from, from + 5000],
        iat: (from + 5000) / 1000,
        model: "monitor@1",
        prev,
        segments: SEGMENTS,
        salt: () => drawn(seed, `salt ${sequence} ${drawnSalts++}`, 16),
      },
      steadySigner(deviceKey),
    );
    prev = parseReading(text).content;
    readings.push(text);
  }
  const record: DecisionRecord = {
    format: "decision@1",
    stream,
    at: start + 33_000,
    salt: hex("decision salt", 16),
    reader: hex("reader", 20),
    twin: hex("twin"),
    device,
    action: "read",
    purpose: "care",
    segments: "3",
    permit: true,
    reason: "Permitted",
    because: { grant: hex("grant"), block: { number: 12, hash: hex("block 12"), timestamp: 1_790_000_037 } },
    from: start,
    until: start + 60_000,
    sequences: [1, 3],
  };
  const decisionContent = buildRecord(record).content;
  const decisionLeaf = leafHash(2, record.twin, 1, decisionContent);

  // Four batches: 1, 3 (readings 2 and 3 and the decision), 2 and 1 leaves.
  const leaves = readings.map((text) => readingLeaf(parseReading(text)));
  const [one, two, three, four, five, six] = leaves as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const batches = [[one], [two, three, decisionLeaf], [four, five], [six]];
  let firstLeaf = 0;
  const anchors: Anchor[] = batches.map((batch, number) => {
    const anchor: Anchor = {
      number,
      root: toHex(new Tree(batch).root()),
      count: batch.length,
      firstLeaf,
      transaction: hex(`transaction ${number}`),
      block: { number: 20 + number, hash: hex(`block ${20 + number}`), timestamp: 1_790_000_040 + number },
    };
    firstLeaf += batch.length;
    return anchor;
  });
  const streams = [{ stream, group, anchors }];
  const unsigned = checkpointOver(consortium, { number: 30, hash: hex("block 30") }, streams, [history]);
  const checkpoint = await signCheckpoint(
    unsigned,
    "North",
    member.address.toLowerCase() as Hex,
    (digest) => member.signingKey.sign(digest).serialized.toLowerCase() as Hex,
  );
  const { genesis } = consortium;
  const file: AnchorsFile = {
    format: "anchors@1",
    chainId,
    genesis,
    contracts,
    streams,
    devices: [history],
    checkpoint,
  };

  const batch = new Tree(batches[1] ?? []);
  const log = logTree(stream, anchors);
  const anchor = anchors[1];
  if (!anchor) throw new Error("no second batch");
  const proofOf = (
    index: number,
  ): Pick<Receipt, "format" | "chain" | "index" | "path" | "batch" | "log" | "anchor"> => ({
    format: "receipt@1",
    chain: { chainId, genesis, contracts },
    index,
    path: batch.path(index).map(toHex),
    batch: { stream, number: 1, root: anchor.root, count: anchor.count, firstLeaf: anchor.firstLeaf },
    log: { size: 3, path: log.path(1, 3).map(toHex) },
    anchor: { transaction: anchor.transaction, block: anchor.block },
  });
  const third = parseReading(readings[2] ?? "");
  const promise = {
    chainId,
    anchorLog: contracts.AnchorLog,
    stream,
    first: 1,
    count: 3,
    root: anchor.root,
    acceptedAt: start + 21_000,
    anchorBy: 1_790_000_060,
  };
  const signature = toBase64url(await steadySigner(gatewayKey)(ackMessage(promise)));
  const receipt: Receipt = {
    ...proofOf(1),
    disclosed: { reading: presentation(third.text, ["heart", "spo2"]) },
    leaf: { kind: 1, subject: device, sequence: 3, content: third.content, hash: toHex(three) },
    key: { device, number: 1, ...key, from: 1, until: null },
    ack: { ...promise, signature, index: 1, path: batch.path(1).map(toHex) },
  };
  const decision: Receipt = {
    ...proofOf(2),
    disclosed: { record: { ...record } },
    leaf: {
      kind: recordKind(record.format) ?? 0,
      subject: record.twin,
      sequence: 1,
      content: decisionContent,
      hash: toHex(decisionLeaf),
    },
  };
  return { consortium, anchors: file, history, readings, receipt, decision };
}

export const trustOf = ({
  consortium,
  anchors,
}: TestWorld): { consortium: Consortium; source: ReturnType<typeof sourceOfAnchors> } => ({
  consortium,
  source: sourceOfAnchors(anchors),
});
