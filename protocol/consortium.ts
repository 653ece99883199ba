import { isHex, type Hex } from "./bytes.ts";
import { TwinwardError, type ErrorCode } from "./errors.ts";
import type { PublicKey } from "./es256.ts";
import type { KeyTerm } from "./gateway-key.ts";
import { streamId } from "./ids.ts";
import { parseStrict } from "./json.ts";
import { Shape } from "./shape.ts";
import { ALL_CONTRACTS, CONTRACTS, OPERATING_CONTRACTS } from "./words.ts";

/** Addresses of the six contracts, and of those about operators where there are any. */
export type Contracts = Readonly<
  Record<(typeof CONTRACTS)[number], Hex> & Partial<Record<(typeof OPERATING_CONTRACTS)[number], Hex>>
>;

/** A gateway group: the address that its streams are named after, and the P-256 key that signs its acks. */
export interface GatewayGroup extends PublicKey {
  readonly group: Hex;
  /** Since when this key signs, seconds; left out of the group's first key. */
  readonly since?: number;
  /** When the group was closed, seconds; left out while it is open. */
  readonly until?: number;
  /** The keys before this one, in order: what they signed in their time stays signed. */
  readonly former?: readonly FormerKey[];
}

/** A key that signed what a gateway group accepted in [since, until), seconds. */
export interface FormerKey extends PublicKey {
  readonly since: number;
  readonly until: number;
}

export interface ConsortiumMember {
  readonly name: string;
  readonly endpoint: string;
  /** Address that signs checkpoints. */
  readonly signer: Hex;
  readonly gateways: readonly GatewayGroup[];
  /** Addresses of the member's oracles. */
  readonly oracles: readonly Hex[];
  /** When it left, seconds; left out while it belongs. It keeps its place, by which quorums name it. */
  readonly until?: number;
}

/** consortium@1: what a verifier trusts. docs/formats/consortium.md. */
export interface Consortium {
  readonly format: "consortium@1";
  readonly name: string;
  readonly chainId: number;
  /** Hash of the chain's block 0. */
  readonly genesis: Hex;
  readonly contracts: Contracts;
  readonly members: readonly ConsortiumMember[];
  readonly rpc?: string;
}

/**
 * How many of n members decide together: n − f, where f = ⌊(n − 1) / 3⌋ of them may be faulty. Any two quorums then have an honest
 * member in common. `MemberRegistry.memberQuorum` says the same.
 */
export function memberQuorum(members: number): number {
  return members - Math.floor((members - 1) / 3);
}

/** The members who decide now, in their order. */
export function presentMembers({ members }: Consortium): ConsortiumMember[] {
  return members.filter(({ until }) => until === undefined);
}

/** A group's keys, each with its time. */
export function keyTermsOf({ x, y, since = 0, until, former = [] }: GatewayGroup): KeyTerm[] {
  return [...former, { x, y, since, until: until ?? null }];
}

/** Reads a consortium@1, a JSON text or its value, strictly. Throws UNUSABLE_CONSORTIUM with the place. */
export function parseConsortium(input: unknown): Consortium {
  const found = shapeOf("UNUSABLE_CONSORTIUM", input).members(
    ["format", "name", "chainId", "genesis", "contracts", "members"],
    ["rpc"],
  );
  const consortium: Consortium = {
    format: found.format.literal("consortium@1"),
    name: found.name.text(),
    chainId: found.chainId.integer(1),
    genesis: found.genesis.hex(32),
    contracts: readContracts(found.contracts),
    members: found.members.list(readMember),
    ...(found.rpc ? { rpc: found.rpc.text() } : {}),
  };
  if (presentMembers(consortium).length === 0) throw found.members.fault("no member");
  return consortium;
}

export function readContracts(shape: Shape): Contracts {
  const found = shape.members(CONTRACTS, OPERATING_CONTRACTS);
  const entries = ALL_CONTRACTS.flatMap((name) => (found[name] ? [[name, found[name].hex(20)]] : []));
  return Object.fromEntries(entries) as Contracts;
}

function readMember(shape: Shape): ConsortiumMember {
  const found = shape.members(["name", "endpoint", "signer", "gateways", "oracles"], ["until"]);
  return {
    name: found.name.text(),
    endpoint: found.endpoint.text(),
    signer: found.signer.hex(20),
    gateways: found.gateways.list(readGateway),
    oracles: found.oracles.list((item) => item.hex(20)),
    ...(found.until ? { until: found.until.integer() } : {}),
  };
}

function readGateway(shape: Shape): GatewayGroup {
  const found = shape.members(["group", "x", "y"], ["since", "until", "former"]);
  const gateway: GatewayGroup = {
    group: found.group.hex(20),
    x: found.x.hex(32),
    y: found.y.hex(32),
    ...(found.since ? { since: found.since.integer() } : {}),
    ...(found.until ? { until: found.until.integer() } : {}),
    ...(found.former ? { former: found.former.list(readFormer) } : {}),
  };
  const terms = keyTermsOf(gateway);
  // Two keys of one time, or none: then it would depend on the reader which of them counts.
  if (terms.some(({ since }, i) => i > 0 && terms[i - 1]?.until !== since))
    throw shape.fault("keys that do not follow");
  if (terms.some(({ since, until }) => until !== null && until < since))
    throw shape.fault("a key that ends before it begins");
  return gateway;
}

function readFormer(shape: Shape): FormerKey {
  const found = shape.members(["x", "y", "since", "until"]);
  return { x: found.x.hex(32), y: found.y.hex(32), since: found.since.integer(), until: found.until.integer() };
}

/** The shape of a JSON text or of a value already parsed; what is wrong with the text is told under `code`. */
export function shapeOf(code: ErrorCode, input: unknown): Shape {
  if (typeof input !== "string") return new Shape(code, input);
  try {
    return new Shape(code, parseStrict(input));
  } catch (cause) {
    throw new TwinwardError(code, { ...(cause as TwinwardError).facts }, cause);
  }
}

/** How many streams a gateway group may have opened before its newer ones are not recognised. */
const STREAMS_TRIED = 64;
const groups = new WeakMap<Consortium, Map<Hex, GatewayGroup | null>>();

/** Ids of a group's streams, in the order in which it can open them, as many as are recognised. */
export function streamsOf({ chainId, contracts }: Consortium, { group }: GatewayGroup): Hex[] {
  return Array.from({ length: STREAMS_TRIED }, (_, n) => streamId(chainId, contracts.AnchorLog, group, n));
}

/** The gateway group that a stream belongs to, found by making the ids again; undefined for a stranger's stream. */
export function groupOfStream(consortium: Consortium, stream: Hex): GatewayGroup | undefined {
  let known = groups.get(consortium);
  if (!known) groups.set(consortium, (known = new Map<Hex, GatewayGroup | null>()));
  let group = known.get(stream);
  if (group === undefined) {
    group = searchGroup(consortium, stream) ?? null;
    // Strangers are not remembered: they could fill the memory.
    if (group) known.set(stream, group);
  }
  return group ?? undefined;
}

function searchGroup({ chainId, contracts, members }: Consortium, stream: Hex): GatewayGroup | undefined {
  if (!isHex(stream, 32)) return undefined;
  for (let n = 0; n < STREAMS_TRIED; n++) {
    for (const gateway of members.flatMap((member) => member.gateways)) {
      if (streamId(chainId, contracts.AnchorLog, gateway.group, n) === stream) return gateway;
    }
  }
  return undefined;
}
