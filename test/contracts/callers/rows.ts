// Who may call what. Where a signature, a proof or a quorum says who decided, the row has it and anybody may send it; the same
// without it is tried too.
import { randomBytes } from "node:crypto";
import { fromBase64url, toHex, utf8, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { es256Signer } from "../../../protocol/es256.ts";
import { grantId } from "../../../protocol/ids.ts";
import { buildReading } from "../../../protocol/reading.ts";
import { roleNumber } from "../../../protocol/roles.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { DEADLINE, MANIFEST, MODEL, NOBODY_ELSE, PAST, PRESENT, type Ground } from "./build.ts";
import { addressOf, digestOf, keyOf, secretOf, type Row } from "./world.ts";

type Rows = Readonly<Record<string, readonly Row[]>>;
type Args = readonly unknown[];

export async function rowsOf(ground: Ground): Promise<Rows> {
  return {
    ...(await memberRows(ground)),
    ...(await deviceRows(ground)),
    ...(await twinRows(ground)),
    ...grantRows(ground),
    ...(await relayedRows(ground)),
    ...(await glassRows(ground)),
    ...operatorRows(ground),
    ...(await verdictRows(ground)),
    ...(await streamRows(ground)),
  };
}

/** Only these, everybody else is told why not. */
const only = (others: string, names: readonly string[], ...args: Args): Row => {
  return { args, others, but: Object.fromEntries(names.map((name) => [name, "done"])) };
};
const steward = (...args: Args): Row => only("NotSteward", ["steward"], ...args);
/** Whoever sends it. */
const anybody = (outcome: string, ...args: Args): Row => ({ args, others: outcome });

async function memberRows({ world, groups }: Ground): Promise<Rows> {
  const { x, y } = keyOf("member");
  const joining = ["South", "https://south.example", addressOf("reader"), x, y];
  const oracles = [1, 2, 3].map((bit) => [0, addressOf(`oracle${bit}`)]);
  const quorum = (...args: Args): Row => only("NotQuorum", ["MemberRegistry"], ...args);
  const calls = [interfaces.MemberRegistry.encodeFunctionData("addMember", [joining])];
  const decided = async ({ names, bits }: typeof PRESENT): Promise<Args> => {
    const change = { number: 1, calls, deadline: DEADLINE };
    return [1, DEADLINE, calls, bits, await world.signEach(names, "MemberRegistry", "Change", change)];
  };
  return {
    "MemberRegistry.carryOut": [
      anybody("done", ...(await decided(PRESENT))),
      anybody("MemberGone", ...(await decided(PAST))),
      anybody("SignatureCountUnexpected", 1, DEADLINE, calls, 0, []),
    ],
    "MemberRegistry.addMember": [quorum(joining)],
    "MemberRegistry.changeMember": [quorum(0, joining)],
    "MemberRegistry.removeMember": [
      quorum(2),
      { args: [0], others: "NotQuorum", but: { MemberRegistry: "MemberHasGroups" } },
    ],
    "MemberRegistry.addGroup": [quorum([addressOf("another"), 0, x, y, [addressOf("reader")]])],
    "MemberRegistry.changeGatewayKey": [quorum(groups.open, x, y, DEADLINE)],
    "MemberRegistry.changeSenders": [quorum(groups.open, [addressOf("reader")])],
    "MemberRegistry.closeGroup": [quorum(groups.open)],
    "MemberRegistry.replaceOracles": [quorum(oracles, 0)],
  };
}

async function deviceRows({ world, device, other, twin, home, unwired, prove }: Ground): Promise<Rows> {
  const [twins, verdicts] = [world.at("TwinRegistry"), world.at("VerdictOracle")];
  const registry = (...args: Args): Row => only("NotTwinRegistry", ["TwinRegistry"], ...args);
  const signed = async (): Promise<Args> => {
    const said = { device, kid: 1, sequence: 7, per: [0, 1] as const, iat: 1, model: MODEL, prev: ZERO_32 };
    const [segments, salt] = [[{ name: "rate", unit: "1", t: [0], v: [1] }], () => randomBytes(16)];
    const reading = await buildReading({ ...said, segments, salt }, es256Signer(secretOf("device")));
    const [header = "", payload = "", signature = ""] = (reading.split("~")[0] ?? "").split(".");
    const bytes = fromBase64url(signature);
    return [toHex(utf8(`${header}.${payload}`)), toHex(bytes.subarray(0, 32)), toHex(bytes.subarray(32))];
  };
  const unsigned = ["0x", ZERO_32, ZERO_32];
  const third = [MODEL, home, ...prove("third", 1, "steward")];
  return {
    "DeviceRegistry.wire": [
      { ...only("NotWirer", ["deployer"], twins, verdicts), at: unwired },
      { args: [twins, verdicts], others: "NotWirer", but: { deployer: "AlreadyWired" } },
    ],
    // A registration names its steward in the new key's proof, so nobody can take it over.
    "DeviceRegistry.register": [only("KeyProofInvalid", ["steward"], ...third)],
    "DeviceRegistry.rotateKey": [steward(device, 10, ...prove("device 2", 2, "steward", device))],
    "DeviceRegistry.markKey": [steward(device, 1, 5, 1, MODEL)],
    "DeviceRegistry.proveEquivocation": [
      anybody("done", device, await signed(), await signed()),
      anybody("InputMalformed", device, unsigned, unsigned),
    ],
    "DeviceRegistry.retire": [steward(device)],
    "DeviceRegistry.offerSteward": [steward(device, addressOf("reader"))],
    "DeviceRegistry.acceptSteward": [only("NotOfferedSteward", ["offered"], device)],
    "DeviceRegistry.activate": [registry(other)],
    "DeviceRegistry.setAssigned": [registry(other, true)],
    "DeviceRegistry.setCut": [registry(other, twin, 1)],
    "DeviceRegistry.applyVerdict": [only("NotVerdictOracle", ["VerdictOracle"], device, 2, MODEL)],
  };
}

async function twinRows({ world, other, assignment, free, twin, bind }: Ground): Promise<Rows> {
  const guardian = addressOf("reader");
  const vouched = async (member: string): Promise<string> =>
    world.sign(member, "TwinRegistry", "Guardian", { assignment: free, guardian, deadline: DEADLINE });
  const refused = (word: string, ...args: Args): Row => ({ args, others: "NotSteward", but: { steward: word } });
  return {
    "TwinRegistry.beginAssignment": [steward(other, 1)],
    "TwinRegistry.endAssignment": [steward(assignment, 9)],
    "TwinRegistry.createTwin": [steward(assignment, MANIFEST, 1, 0)],
    "TwinRegistry.createSecurityTwin": [steward(other, MANIFEST, 1)],
    "TwinRegistry.raiseEpoch": [steward(twin)],
    "TwinRegistry.bindSubject": [
      steward(...(await bind(free))),
      refused("SignatureInvalid", ...(await bind(free)).slice(0, 4), "0x"),
      refused("SubjectAlreadyBound", ...(await bind(assignment))),
    ],
    "TwinRegistry.appointGuardian": [only("NotSubject", ["subject"], assignment, guardian)],
    "TwinRegistry.appointGuardianFor": [
      steward(free, guardian, 0, DEADLINE, await vouched("signer")),
      refused("SignatureInvalid", free, guardian, 0, DEADLINE, await vouched("stranger")),
      refused("MemberGone", free, guardian, 1, DEADLINE, await vouched("departed")),
      refused("SubjectAlreadyBound", assignment, guardian, 0, DEADLINE, "0x"),
    ],
    "TwinRegistry.setConsentMask": [only("NotSteward", ["steward", "subject", "guardian"], twin, 0x05)],
  };
}

/** Of a grant that was given by somebody with nonce 1. */
const sourceOf = (grantor: string): readonly [Hex, Hex, number] => [addressOf(grantor), ZERO_32, 1];

const childOf = (twin: Hex): Args => [twin, addressOf("stranger"), 1_700_000_000, DEADLINE, 0x0f, 0x03, 0];

function grantRows({ world, device, twin, terms, paused }: Ground): Rows {
  const [reader, source] = [addressOf("reader"), sourceOf("steward")];
  return {
    "GrantRegistry.grant": [steward(device, terms, 2)],
    "GrantRegistry.delegate": [only("GrantUnknown", ["reader"], device, childOf(twin), 2, source)],
    // Whoever gave it may take it back also when somebody else is the steward; nobody gives any more because they once were.
    "GrantRegistry.revoke": [
      steward(twin, reader, source),
      only("NotSteward", ["steward", "former"], twin, reader, sourceOf("former")),
    ],
    "GrantRegistry.setContinuity": [
      steward(twin, reader, true, source),
      steward(twin, reader, true, sourceOf("former")),
    ],
    "GrantRegistry.setConsent": [only("NotSubject", ["subject", "guardian"], twin, reader, 4)],
    "GrantRegistry.cancelNonce": [anybody("done", 77)],
    "GrantRegistry.pause": [only("AccessManagedUnauthorized", ["pauser"])],
    "GrantRegistry.resume": [
      { ...only("AccessManagedUnauthorized", ["resumer"]), at: paused },
      { args: [], others: "AccessManagedUnauthorized", but: { resumer: "AccessManagerNotReady" } },
    ],
    "GrantRegistry.setAuthority": [only("AccessManagedUnauthorized", ["Operators"], world.at("MemberRegistry"))],
  };
}

/** Whose word it is, the signature says, not the sender. */
async function relayedRows({ world, device, twin, terms }: Ground): Promise<Rows> {
  const [reader, subject, by] = [addressOf("reader"), addressOf("subject"), addressOf("steward")];
  const [source, deadline] = [sourceOf("steward"), DEADLINE];
  const parent = grantId({ twin, reader, grantor: by, parent: ZERO_32, nonce: 1 });
  const said = ([of, to, from, until, segments, purposes, depth]: Args, above: Hex): object => {
    const given = { twin: of, reader: to, from, until, segments, purposes, depth };
    return { ...given, parent: above, epoch: 0, nonce: 2, deadline };
  };
  const sign = (who: string, type: Parameters<typeof world.sign>[2], what: object): Promise<string> =>
    world.sign(who, "GrantRegistry", type, what);
  /** As whoever may signs it, as somebody else does, unsigned; `args` before the signature. */
  const relayed = async (args: Args, may: string, type: Parameters<typeof sign>[1], what: object) => [
    anybody("done", ...args, await sign(may, type, what)),
    anybody("SignatureInvalid", ...args, await sign("former", type, what)),
    anybody("SignatureInvalid", ...args, "0x"),
  ];
  const grant = said(terms, ZERO_32);
  const batch = { grants: [grant] };
  const child = childOf(twin);
  const consent = { twin, reader, purposes: 4, nonce: 0, deadline };
  const revocation = { grant: parent, deadline };
  const formers = [twin, reader, addressOf("former"), source, deadline, await sign("former", "Revocation", revocation)];
  return {
    "GrantRegistry.relayGrant": await relayed([device, terms, 2, deadline], "steward", "Grant", grant),
    "GrantRegistry.relayGrants": await relayed([device, [terms], [2], deadline], "steward", "GrantBatch", batch),
    "GrantRegistry.relayDelegation": await relayed(
      [device, child, 2, reader, source, deadline],
      "reader",
      "Grant",
      said(child, parent),
    ),
    "GrantRegistry.relayConsent": [
      ...(await relayed([twin, reader, 4, subject, deadline], "subject", "Consent", consent)),
      anybody("NotSubject", twin, reader, 4, by, deadline, await sign("steward", "Consent", consent)),
    ],
    "GrantRegistry.relayRevocation": [
      ...(await relayed([twin, reader, by, source, deadline], "steward", "Revocation", revocation)),
      anybody("NotSteward", ...formers),
    ],
  };
}

async function glassRows({ world, assignment, twin, claim, opening, over }: Ground): Promise<Rows> {
  const holder = addressOf("holder");
  const said = { ...claim, opener: holder, nonce: 2, deadline: DEADLINE };
  const signed = await world.sign("holder", "BreakGlass", "BreakGlass", said);
  const args = [Object.values(claim), holder, DEADLINE];
  return {
    "BreakGlass.nameEmergencyTwin": [steward(assignment, ZERO_32, 0), steward(assignment, twin, 0)],
    "BreakGlass.open": [only("NotHolder", ["holder"], claim, NOBODY_ELSE)],
    "BreakGlass.relayOpen": [
      anybody("done", ...args, signed, NOBODY_ELSE),
      anybody("SignatureInvalid", ...args, "0x", NOBODY_ELSE),
    ],
    "BreakGlass.end": [only("NotOpener", ["holder", "steward"], opening)],
    "BreakGlass.review": [
      only("NotReviewer", ["reviewer"], over, true, MODEL),
      { args: [opening, true, MODEL], others: "NotReviewer", but: { reviewer: "OpeningRuns" } },
    ],
  };
}

/** Nobody decides about data here: what OpenZeppelin's manager lets do is about operators alone. */
function operatorRows({ world, announced }: Ground): Rows {
  const [grants, members, holder] = [world.at("GrantRegistry"), world.at("MemberRegistry"), roleNumber("holder", 0)];
  const [resumer, resume] = [addressOf("resumer"), interfaces.GrantRegistry.encodeFunctionData("resume")];
  const appointing = (...args: Args): Row => only("AccessManagerUnauthorizedAccount", ["appointer"], ...args);
  // The admin may all of it, once it was announced and is due.
  const admin = (method: string): Row =>
    only("AccessManagerUnauthorizedAccount", ["admin"], ...(announced[method] ?? []));
  const unannounced: Row = {
    args: [holder, "others"],
    others: "AccessManagerUnauthorizedAccount",
    but: { admin: "AccessManagerNotScheduled" },
  };
  const setAuthority = interfaces.GrantRegistry.encodeFunctionData("setAuthority", [members]);
  const pause = interfaces.GrantRegistry.encodeFunctionData("pause");
  return {
    ...Object.fromEntries(Object.keys(announced).map((method) => [`Operators.${method}`, [admin(method)]])),
    "Operators.labelRole": [admin("labelRole"), unannounced],
    "Operators.grantRole": [appointing(holder, addressOf("stranger"), 0)],
    "Operators.revokeRole": [appointing(holder, addressOf("holder"))],
    "Operators.renounceRole": [only("AccessManagerBadConfirmation", ["holder"], holder, addressOf("holder"))],
    "Operators.schedule": [only("AccessManagerUnauthorizedCall", ["admin"], grants, setAuthority, 0)],
    "Operators.execute": [only("AccessManagerUnauthorizedCall", ["pauser"], grants, pause)],
    "Operators.cancel": [
      only("AccessManagerUnauthorizedCancel", ["resumer", "pauser", "admin"], resumer, grants, resume),
    ],
    "Operators.consumeScheduledOp": [
      {
        ...anybody("no word", resumer, resume),
        but: { GrantRegistry: "AccessManagerUnauthorizedConsume" },
        never: "a contract calls it in the middle of what it was told to do, as GrantRegistry.resume shows",
      },
    ],
    "Operators.multicall": [anybody("done", [])],
  };
}

async function verdictRows({ world, home, device }: Ground): Promise<Rows> {
  const oracleSet = await world.ask("MemberRegistry", "oracleSetDigest");
  const oracle = (...args: Args): Row => only("TransmitterNotOracle", ["oracle0"], ...args);
  const refused = (word: string, ...args: Args): Row => {
    return { args, others: "TransmitterNotOracle", but: { oracle0: word } };
  };
  const [rounds, sequences] = [
    { round: 0, firstBatch: 0, lastBatch: 9 },
    { firstSequence: 1, lastSequence: 5 },
  ];
  const judged = { kind: 2, severity: 3, model: MODEL, leavesRoot: MANIFEST };
  const verdict = { oracleSet, stream: home, ...rounds, device, ...sequences, ...judged };
  const clear = { oracleSet, stream: home, round: 0, root: MODEL };
  const sign = (names: readonly string[], type: "Verdict" | "AllClear", said: object) =>
    world.signEach(names, "VerdictOracle", type, said);
  const past = await sign(["oracle0", "departed"], "Verdict", verdict);
  return {
    "VerdictOracle.transmit": [
      oracle(verdict, 0b11, await sign(["oracle0", "oracle1"], "Verdict", verdict)),
      // The third of those before was of the member that left.
      refused("SignatureNotOracle", verdict, 0b1001, past),
      refused("SignatureCountUnexpected", verdict, 0, []),
    ],
    "VerdictOracle.allClear": [
      oracle(home, 0, MODEL, 0b111, await sign(["oracle0", "oracle1", "oracle2"], "AllClear", clear)),
      refused("SignatureCountUnexpected", home, 0, MODEL, 0, []),
    ],
  };
}

async function streamRows({ world, home, suspended, fenced, groups, first, period, sign }: Ground): Promise<Rows> {
  const sender = (...args: Args): Row => only("SenderNotOfGroup", ["sender"], ...args);
  const place = (leaf: Hex): Args => [leaf, 0, []];
  const [promised, anchored] = [digestOf("promised"), digestOf("batch 0")];
  const [ack, unsigned] = [sign(home, 0, promised), { ...sign(home, 0, promised), r: ZERO_32 }];
  const decided = async ({ names, bits }: typeof PRESENT, type: "Fence" | "Resume", said: object): Promise<Args> => [
    MODEL,
    bits,
    await world.signEach(names, "AnchorLog", type, { ...said, reason: MODEL }),
  ];
  const ending = { stream: home };
  const suspension = { stream: suspended, suspension: 1 };
  const challenge = (...rest: Args): readonly Row[] => [
    anybody("done", home, ack, ...rest),
    anybody("AckNotSigned", home, unsigned, ...rest),
  ];
  return {
    "AnchorLog.openStream": [sender(groups.open), anybody("SenderNotOfGroup", groups.gone)],
    "AnchorLog.anchor": [sender(home, 10, MODEL, 1)],
    "AnchorLog.openSuccessor": [
      sender(fenced),
      { args: [home], others: "SenderNotOfGroup", but: { sender: "StreamNotFenced" } },
    ],
    "AnchorLog.fence": [
      anybody("done", home, ...(await decided(PRESENT, "Fence", ending))),
      anybody("MemberGone", home, ...(await decided(PAST, "Fence", ending))),
      anybody("SignatureCountUnexpected", home, MODEL, 0, []),
    ],
    "AnchorLog.resume": [
      anybody("done", suspended, 1, ...(await decided(PRESENT, "Resume", suspension))),
      anybody("MemberGone", suspended, 1, ...(await decided(PAST, "Resume", suspension))),
      anybody("StreamNotSuspended", home, 1, MODEL, 0, []),
    ],
    "AnchorLog.challengeOverdue": [
      anybody("done", home, sign(home, 100, promised)),
      anybody("AckNotSigned", home, { ...sign(home, 100, promised), r: ZERO_32 }),
    ],
    "AnchorLog.challengeLate": challenge(period),
    "AnchorLog.challengeMisplaced": challenge(place(promised), first, place(anchored)),
    "AnchorLog.challengeContradicted": challenge(place(promised), sign(home, 0, anchored), place(anchored)),
  };
}
