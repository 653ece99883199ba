import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { Wallet } from "ethers";
import { connect } from "../../../apps/sdk/index.ts";
import { concat, fromHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { newPrivateKey, signEs256 } from "../../../protocol/es256.ts";
import { readFindingBody, signFinding, type SignedFinding } from "../../../protocol/finding.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { buildReading, parsePresentation } from "../../../protocol/reading.ts";
import { valuesOf } from "../../../protocol/release.ts";
import type { Verdict } from "../../../protocol/verdict.ts";
import { purposesMask, PURPOSES } from "../../../protocol/words.ts";
import type { Reason } from "../../../server/access/decide.ts";
import { addressOf, MODEL, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

/** Seconds. */
export const START = 1_790_000_000;
const HEART = 0b0001n;
const ALL = 0b1111n;
const EVERYTHING = { segments: ALL, purposes: purposesMask(PURPOSES) };
const FOREVER = { from: START - 1_000, until: START + 100_000 };
/** Enough for one interval of the derived twins, whole. */
const READINGS = 11;

/** The mean alone, of every segment: a twin that shows no reading. */
const STUDY: Manifest = {
  format: "manifest@1",
  name: "study",
  model: modelHash(MODEL),
  segments: MODEL.segments.map(({ name }) => name),
  resolution: { interval: 5, show: ["mean"] },
  delay: 0,
  commands: [],
};

type AnyWallet = ReturnType<typeof Wallet.createRandom>;

/** A raw twin and a derived one of the same device. */
export const CUTS = ["raw", "study"] as const;
export type Cut = (typeof CUTS)[number];
type Grants = Readonly<Record<Cut, Hex>>;

/** Every object that an ask can name: those of somebody's bed, or names of nothing. */
export interface Objects {
  readonly twin: Hex;
  readonly device: Hex;
  readonly grant: Hex;
  readonly leaf: Hex;
  readonly reader: Hex;
  readonly request: Hex;
  readonly opening: Hex;
  /** Of a finding. */
  readonly digest: Hex;
}

export const ABSENT: Objects = {
  twin: named("no twin"),
  device: named("no device"),
  grant: named("no grant"),
  leaf: named("no leaf"),
  reader: named("nobody", 20),
  request: named("no request"),
  opening: named("no opening"),
  digest: named("no finding"),
};

/** A device with two twins, and everything that somebody might wish to know of it. */
export interface Bed {
  readonly device: WrittenDevice;
  readonly steward: AnyWallet;
  readonly reader: AnyWallet;
  readonly twins: Readonly<Record<Cut, Hex>>;
  readonly objects: Readonly<Record<Cut, Objects>>;
  /** By segment: disclosures, salts, samples and means, in the words in which an answer would have them. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Ids and words of another reader, another opener and another asker, whom no attack names. */
  readonly unnamed: readonly string[];
}

/** Which grant an ask names. */
export const NAMINGS = ["none", "own", "foreign", "absent"] as const;
export type Naming = (typeof NAMINGS)[number];

/** Who attacks which bed, and what they are told. */
export interface Attacker {
  readonly name: string;
  readonly token?: string;
  readonly wallet: AnyWallet;
  readonly bed: Bed;
  /**
   * `none` and `forged` come without a session that counts, `narrowed` with one for another twin, a `stranger` with one of somebody
   * whom nothing connects with the bed; a `former` has, or had, a grant there.
   */
  readonly as: "none" | "forged" | "narrowed" | "stranger" | "former";
  /** Grants of their own; of a stranger those on another bed's twins. */
  readonly own?: Grants;
  /** What is decided of an ask that nobody's right is wrong with but theirs. */
  readonly reason: (naming: Naming) => Reason;
  readonly asks?: Readonly<Record<string, string>>;
  /** What is theirs to see, and nobody's secret before them. */
  readonly sees: readonly string[];
  /** A grant that lets them read another bed's raw twin. */
  readonly elsewhere?: { readonly twin: Hex; readonly grant: Hex };
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** Beds with readings, releases, requests, openings and findings, and everybody who attacks them. */
export async function openWorld() {
  const door = await openFrontDoor(START);
  await door.reader.client.postDocument(STUDY);
  const beds = {
    attacked: await furnish(door, "attacked"),
    other: await furnish(door, "other"),
    past: await furnish(door, "past"),
  };
  door.chain.mine(600);
  door.clock.ms += 600_000;
  await door.anchor();
  const attacked = await fill(door, beds.attacked);
  const other = await fill(door, beds.other);
  const past = await fill(door, beds.past);
  await door.anchor();
  return { door, attacked, other, past, attackers: await attackersOf(door, { attacked, other, past }) };
}

/** How to tell one sample from all others in any answer. */
function sampleOf(name: string): number {
  return 40 + parseInt(named(`sample ${name}`).slice(2, 10), 16) / 1e8;
}

/** A device with readings, and its twins with a reader, and with one whom nobody names. */
async function furnish(door: FrontDoor, name: string) {
  const [steward, reader, hidden] = [Wallet.createRandom(), Wallet.createRandom(), Wallet.createRandom()];
  const device = new WrittenDevice(door, addressOf(steward));
  const twins = {
    raw: device.createTwin("raw", ALL),
    study: device.createTwin("study", ALL, { manifest: manifestHash(STUDY) }),
  };
  const grants = grantBoth(device, twins, reader, { ...FOREVER, ...EVERYTHING });
  const values = new Map<string, string[]>(MODEL.segments.map(({ name: segment }) => [segment, []]));
  const texts: string[] = [];
  for (let n = 0; n < READINGS; n++)
    texts.push(await device.read(0, (i) => [0, 1].map((k) => sampleOf(`${name} ${n} ${i} ${k}`))));
  for (const text of texts) {
    const encoded = text.split("~").slice(1).filter((part) => part !== ""); // prettier-ignore
    for (const [i, { segment, v }] of parsePresentation(text).disclosures.entries()) {
      const [disclosure = ""] = encoded.slice(i);
      const [salt] = JSON.parse(Buffer.from(disclosure, "base64url").toString()) as [string];
      values.get(segment)?.push(disclosure, salt, ...v.map(String));
    }
  }
  await door.reader.client.postReadings(texts);
  return { name, device, steward, reader, hidden, twins, grants, values };
}

/** What comes of the readings: releases, requests, openings and a finding. */
async function fill(door: FrontDoor, furnished: Awaited<ReturnType<typeof furnish>>): Promise<Bed> {
  const { name, device, steward, reader, hidden, twins, grants, values } = furnished;
  const client = door.clientOf(reader);
  const [reading] = (await client.history(twins.raw, { purpose: "care" })).readings;
  const { releases = [] } = await client.history(twins.study, { purpose: "care" });
  const [release] = releases;
  if (!reading || !release) return expect.fail("nothing to attack");
  for (const { values: encoded } of releases)
    for (const [i, { segment, aggregates }] of valuesOf(encoded).entries())
      values.get(segment)?.push(String(aggregates.mean), encoded[i] ?? expect.fail("no value"));

  const now = (): number => door.clock.ms;
  const ask = (of: AnyWallet, why: string): Promise<{ request: Hex }> => {
    const wish = { twin: twins.raw, segments: ALL, purposes: ["care"], until: now() + 3_600_000, why } as const;
    return connect({ url: door.url, signer: of, now }).request(wish);
  };
  const why = `a second opinion on the ${name} bed`;
  const { request } = await ask(reader, `${why}, please`);
  const { request: hiddenRequest } = await ask(hidden, why);
  const hiddenGrants = grantBoth(device, twins, hidden, { ...FOREVER, ...EVERYTHING });
  const hiddenTwin = device.createTwin("hidden", ALL);
  const opening = device.open(twins.raw, addressOf(reader), START + 3_600);
  const hiddenOpening = device.open(twins.raw, addressOf(hidden), START + 3_600);
  const finding = findingOn(door, device.id);
  const digest = await keepFinding(door, finding);

  const common = { device: device.id, reader: addressOf(reader), request, opening, digest };
  const objects = {
    raw: { ...common, twin: twins.raw, grant: grants.raw, leaf: reading.leaf },
    study: { ...common, twin: twins.study, grant: grants.study, leaf: release.leaf },
  };
  const ids = [addressOf(hidden), hiddenRequest, hiddenTwin, hiddenOpening, ...Object.values(hiddenGrants)];
  const unnamed = [...ids, why, finding.body, finding.signature];
  return { device, steward, reader, twins, objects, values, unnamed };
}

type Given = Parameters<WrittenDevice["grant"]>[2];

function grantBoth(device: WrittenDevice, twins: Bed["twins"], to: AnyWallet, given: Given, parents?: Grants): Grants {
  const give = (cut: Cut): Hex => device.grant(twins[cut], addressOf(to), given, parents?.[cut]);
  return { raw: give("raw"), study: give("study") };
}

async function attackersOf(door: FrontDoor, beds: Readonly<Record<"attacked" | "other" | "past", Bed>>) {
  const { attacked: bed, other, past } = beds;
  const { chain } = door;
  const wallet = (): AnyWallet => Wallet.createRandom();
  const tokenOf = async (of: AnyWallet): Promise<string> => (await door.clientOf(of).login()).token;
  const revoke = (grants: Grants, by: Bed): void => {
    for (const grant of Object.values(grants)) chain.emit("GrantRegistry", "Revoked", [grant, addressOf(by.steward)]);
  };
  const nothing = (): Reason => "GrantUnknown";
  const attackers: Attacker[] = [{ name: "no session", wallet: wallet(), bed, as: "none", reason: nothing, sees: [] }];
  const add = async (
    name: string,
    one: Partial<Attacker> & { readonly reason: Attacker["reason"]; readonly wallet: AnyWallet },
  ): Promise<void> => {
    const token = one.token ?? (await tokenOf(one.wallet));
    attackers.push({ name, bed, as: "stranger", sees: [], ...one, token });
  };
  /** Somebody with a grant on both twins, by which, named or not, the reason is this; by another's there is none. */
  const addFormer = async (
    name: string,
    reason: Reason,
    given: Partial<Given>,
    more: Partial<Attacker> & { readonly after?: (own: Grants) => void; readonly parents?: Grants } = {},
  ): Promise<void> => {
    const { after, parents, ...rest } = more;
    const who = wallet();
    const { device, twins } = rest.bed ?? bed;
    const own = grantBoth(device, twins, who, { ...FOREVER, ...EVERYTHING, ...given }, parents);
    const elsewhere = { twin: other.twins.raw, grant: other.device.grant(other.twins.raw, addressOf(who), { ...FOREVER, ...EVERYTHING }) }; // prettier-ignore
    after?.(own);
    const by = (naming: Naming): Reason => (naming === "none" || naming === "own" ? reason : "GrantUnknown");
    await add(name, { reason: by, wallet: who, own, elsewhere, as: "former", ...rest });
  };

  await add("a stranger", { reason: nothing, wallet: wallet() });
  await add("the steward of another device", { reason: nothing, wallet: other.steward });
  const own = { raw: other.objects.raw.grant, study: other.objects.study.grant };
  await add("the reader of another twin", {
    reason: (naming) => (naming === "own" ? "GrantForOther" : "GrantUnknown"),
    wallet: other.reader,
    own,
    elsewhere: { twin: other.twins.raw, grant: own.raw },
  });
  await addFormer("a reader whose grant has expired", "GrantExpired", { until: START });
  await addFormer("a reader whose grant has not begun", "GrantNotStarted", { from: START + 50_000 });
  await addFormer("a reader whose grant is revoked", "GrantRevoked", {}, { after: (grants) => revoke(grants, bed) });
  const between = grantBoth(bed.device, bed.twins, wallet(), { ...FOREVER, ...EVERYTHING });
  const after = (): void => revoke(between, bed);
  await addFormer("a reader whose grant was passed on by a revoked one", "ParentRevoked", {}, { parents: between, after }); // prettier-ignore
  await addFormer("a reader who asks for segments beyond the grant", "SegmentsNotGranted", { segments: HEART }, {
    asks: { segments: "heart,resp,spo2,temp" },
    sees: bed.values.get("heart") ?? [],
  }); // prettier-ignore
  await addFormer("a reader who asks for a purpose beyond the grant", "PurposeNotGranted", { purposes: purposesMask(["audit"]) }); // prettier-ignore
  const ends = (): void => {
    chain.mine();
    chain.emit("TwinRegistry", "AssignmentEnded", [past.device.assignment, past.device.id, READINGS + 1]);
  };
  await addFormer("a reader of an ended assignment", "TwinEnded", {}, {
    bed: past,
    after: ends,
    reason: () => "TwinEnded",
  }); // prettier-ignore
  const narrowed = connect({ url: door.url, signer: bed.reader, twins: [other.twins.raw] });
  const { token } = await narrowed.login();
  await add("the reader's own session for another twin", {
    reason: nothing,
    wallet: bed.reader,
    token,
    as: "narrowed",
  });
  for (const [what, forged] of tampered(await tokenOf(bed.reader)))
    await add(`a token with another ${what}`, { reason: nothing, wallet: bed.reader, token: forged, as: "forged" });
  return attackers;
}

/** A token's parts, each changed a little. */
function tampered(token: string): [string, string][] {
  const parts = token.split(".");
  return parts.map((part, i) => {
    const at = Math.floor(part.length / 2);
    const letter = part[at] === "A" ? "B" : "A";
    const changed = `${part.slice(0, at)}${letter}${part.slice(at + 1)}`;
    return [`part ${i + 1}`, parts.map((one, k) => (k === i ? changed : one)).join(".")];
  });
}

/** What an oracle might have found about a device; by a key that is no oracle's it is a forgery. */
export function findingOn(door: FrontDoor, device: Hex, key = door.oracle.wallet.privateKey): SignedFinding {
  const verdict: Verdict = {
    oracleSet: ZERO_32, stream: door.stream, round: 0, firstBatch: 0, lastBatch: 0, device,
    firstSequence: 1, lastSequence: 1, kind: 2, severity: 3, model: ZERO_32, leavesRoot: ZERO_32,
  }; // prettier-ignore
  const { chainId, contracts } = door.consortium;
  const found = { verdict, score: 4210, explanation: [{ signal: "resp", share: 0.9 }], at: START * 1000 };
  return signFinding({ chainId, contract: contracts.VerdictOracle }, found, new Uint8Array(16), fromHex(key));
}

/** A reading as a device might say it, by a key that is not its own. */
export function forgedReading(device: Hex): Promise<string> {
  const key = newPrivateKey(randomBytes);
  const segments = MODEL.segments.map(({ name, unit }) => ({ name, unit, t: [0], v: [60] }));
  const said = { device, kid: 1, sequence: READINGS + 1, model: MODEL.name, prev: ZERO_32, segments };
  const per: [number, number] = [START * 1000 + 60_000, START * 1000 + 61_000];
  const salt = (): Uint8Array => randomBytes(16);
  return buildReading({ ...said, per, iat: START + 61, salt }, (message) => signEs256(key, message));
}

/** As if it had been founded: no chain is written that far here. */
async function keepFinding(door: FrontDoor, { body, attestation, signature }: SignedFinding): Promise<Hex> {
  const { digest, oracle } = readFindingBody(body);
  const signed = concat(fromHex(attestation), fromHex(signature));
  await door.database.query("insert into finding (digest, oracle, body, signature) values ($1, $2, $3, $4)", [
    ...[fromHex(digest), fromHex(oracle)],
    body,
    signed,
  ]);
  return digest;
}
