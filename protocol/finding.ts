import { concat, fromHex, toHex, u64be, type Hex } from "./bytes.ts";
import { TwinwardError } from "./errors.ts";
import { sha256 } from "./hash.ts";
import { canonical, parseStrict } from "./json.ts";
import { Shape } from "./shape.ts";
import { merkleRoot } from "./tree.ts";
import {
  addressOfKey,
  allClearDigest,
  personalDigest,
  recoverCompact,
  signCompact,
  verdictDigest,
  type AllClear,
  type Verdict,
  type VerdictDomain,
} from "./verdict.ts";

/** What one oracle saw about one device in one round, with what the quorum need not agree on. */
export interface Finding {
  readonly format: "finding@1";
  readonly oracle: Hex;
  /** Of `verdict`; what the attestation signs. */
  readonly digest: Hex;
  readonly verdict: Verdict;
  /** Thousandths of the detector's limit. */
  readonly score: number;
  /** Which signals carry the score, largest share first; shares sum to at most 1. */
  readonly explanation: readonly { readonly signal: string; readonly share: number }[];
  /** ms. */
  readonly at: number;
  readonly salt: Hex;
}

/** A device whose every reading of a round was judged, and found clear. */
export interface ClearDevice {
  readonly device: Hex;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly leavesRoot: Hex;
}

/** One oracle's signature under a round's all-clear, with what its root was made of. */
export interface ClearRound {
  readonly format: "clear@1";
  readonly oracle: Hex;
  readonly digest: Hex;
  readonly clear: AllClear;
  readonly model: Hex;
  /** Ascending by device. */
  readonly devices: readonly ClearDevice[];
  readonly at: number;
  readonly salt: Hex;
}

/** How a finding travels and is kept: its exact text, and two signatures beside it, both ERC-2098 by the oracle. */
export interface SignedFinding {
  /** RFC 8785 JSON of a Finding or a ClearRound. */
  readonly body: string;
  /** Over the digest: what the chain checks. */
  readonly attestation: Hex;
  /** EIP-191, over the body: what nobody but the oracle can have said. */
  readonly signature: Hex;
}

/**
 * Most characters of a body (its text is ASCII). A round's all-clear names every device, about 230 characters each: 4 000
 * devices that share a home stream have room. Larger sites have several streams, and each stream its own rounds.
 */
export const FINDING_BYTES = 1_048_576;

/** Root of an all-clear: RFC 6962 over SHA-256(0x00 ‖ device ‖ first u64 ‖ last u64 ‖ leaves root ‖ model), by device. */
export function clearRoot(devices: readonly ClearDevice[], model: Hex): Hex {
  const leaves = devices.map((d) =>
    sha256(
      concat(
        Uint8Array.of(0),
        fromHex(d.device, 32),
        u64be(d.firstSequence),
        u64be(d.lastSequence),
        fromHex(d.leavesRoot, 32),
        fromHex(model, 32),
      ),
    ),
  );
  return toHex(merkleRoot(leaves));
}

/** Signs what one oracle found; salt of 16 bytes, time in ms. */
export function signFinding(
  domain: VerdictDomain,
  found: Pick<Finding, "verdict" | "score" | "explanation" | "at">,
  salt: Uint8Array,
  key: Uint8Array,
): SignedFinding {
  const digest = verdictDigest(domain, found.verdict);
  const { verdict, score, explanation, at } = found;
  return sign({
    format: "finding@1", oracle: addressOfKey(key), digest, verdict, score, explanation, at, salt: toHex(salt),
  }, key); // prettier-ignore
}

/** Signs that a round was judged and these devices were found clear in it. */
export function signClearRound(
  domain: VerdictDomain,
  found: Omit<AllClear, "root"> & Pick<ClearRound, "model" | "devices" | "at">,
  salt: Uint8Array,
  key: Uint8Array,
): SignedFinding {
  const { oracleSet, stream, round, model, devices, at } = found;
  const clear = { oracleSet, stream, round, root: clearRoot(devices, model) };
  const digest = allClearDigest(domain, clear);
  return sign(
    { format: "clear@1", oracle: addressOfKey(key), digest, clear, model, devices, at, salt: toHex(salt) },
    key,
  );
}

function sign(body: Finding | ClearRound, key: Uint8Array): SignedFinding {
  const text = canonical(body);
  return { body: text, attestation: signCompact(body.digest, key), signature: signCompact(personalDigest(text), key) };
}

/** The three members as somebody sent them; nothing is verified yet. Throws FINDING_MALFORMED with the place. */
export function readSignedFinding(value: unknown): SignedFinding {
  const m = new Shape("FINDING_MALFORMED", value).members(["body", "attestation", "signature"]);
  const body = m.body.text();
  if (body.length > FINDING_BYTES) throw m.body.fault(`longer than ${FINDING_BYTES}`);
  return { body, attestation: m.attestation.hex(64), signature: m.signature.hex(64) };
}

/** A body's strict reading. Throws FINDING_MALFORMED with the place, also for any text but the canonical one. */
export function readFindingBody(text: string): Finding | ClearRound {
  let value: unknown;
  try {
    value = parseStrict(text);
  } catch (cause) {
    throw new TwinwardError("FINDING_MALFORMED", { detail: "The body is not strict JSON." }, cause);
  }
  if (canonical(value) !== text)
    throw new TwinwardError("FINDING_MALFORMED", { detail: "The body is not in its canonical form (RFC 8785)." });
  const root = new Shape("FINDING_MALFORMED", value);
  return root.object().format === "clear@1" ? readClearRound(root) : readFinding(root);
}

function readFinding(root: Shape): Finding {
  const m = root.members(["format", "oracle", "digest", "verdict", "score", "explanation", "at", "salt"]);
  return {
    format: m.format.literal("finding@1"),
    oracle: m.oracle.hex(20),
    digest: m.digest.hex(32),
    verdict: readVerdict(m.verdict),
    score: m.score.integer(),
    explanation: m.explanation.list((item) => {
      const e = item.members(["signal", "share"]);
      const share = e.share.number();
      if (share < 0 || share > 1) throw e.share.fault("not a share of 1");
      return { signal: e.signal.matching(/^[\w.-]{1,64}$/, "a signal's name"), share };
    }, 64),
    at: m.at.integer(),
    salt: m.salt.hex(16),
  };
}

function readVerdict(shape: Shape): Verdict {
  const m = shape.members([
    "oracleSet", "stream", "round", "firstBatch", "lastBatch", "device", "firstSequence", "lastSequence", "kind",
    "severity", "model", "leavesRoot",
  ]); // prettier-ignore
  const kind = m.kind.integer(0, 3);
  return {
    oracleSet: m.oracleSet.hex(32),
    stream: m.stream.hex(32),
    round: m.round.integer(0, 2 ** 48),
    firstBatch: m.firstBatch.integer(),
    lastBatch: m.lastBatch.integer(),
    device: m.device.hex(32),
    firstSequence: m.firstSequence.integer(1),
    lastSequence: m.lastSequence.integer(1),
    kind,
    severity: kind === 0 ? m.severity.integer(0, 0) : m.severity.integer(1, 5),
    model: m.model.hex(32),
    leavesRoot: m.leavesRoot.hex(32),
  };
}

function readClearRound(root: Shape): ClearRound {
  const m = root.members(["format", "oracle", "digest", "clear", "model", "devices", "at", "salt"]);
  const c = m.clear.members(["oracleSet", "stream", "round", "root"]);
  return {
    format: m.format.literal("clear@1"),
    oracle: m.oracle.hex(20),
    digest: m.digest.hex(32),
    clear: {
      oracleSet: c.oracleSet.hex(32),
      stream: c.stream.hex(32),
      round: c.round.integer(0, 2 ** 48),
      root: c.root.hex(32),
    },
    model: m.model.hex(32),
    devices: m.devices.list((item) => {
      const d = item.members(["device", "firstSequence", "lastSequence", "leavesRoot"]);
      return {
        device: d.device.hex(32),
        firstSequence: d.firstSequence.integer(1),
        lastSequence: d.lastSequence.integer(1),
        leavesRoot: d.leavesRoot.hex(32),
      };
    }),
    at: m.at.integer(),
    salt: m.salt.hex(16),
  };
}

/**
 * Holds that the oracle which the body names is one, and signed this text. The body is searched for the name and not parsed, so
 * that what strangers send costs next to nothing; what passes is still to be verified whole.
 * Throws FINDING_MALFORMED, FINDING_ORACLE_UNKNOWN or FINDING_SIGNATURE_INVALID.
 */
export function requireOracleWrote(signed: SignedFinding, isOracle: (oracle: Hex) => boolean): void {
  // A canonical body has this once: no text in it may hold a quote.
  const oracle = /"oracle":"(0x[0-9a-f]{40})"/.exec(signed.body)?.[1] as Hex | undefined;
  if (oracle === undefined) throw new TwinwardError("FINDING_MALFORMED", { detail: "The body names no oracle." });
  if (!isOracle(oracle)) throw new TwinwardError("FINDING_ORACLE_UNKNOWN", { oracle });
  if (recoverCompact(personalDigest(signed.body), signed.signature) !== oracle) throw notSigned(oracle);
}

const notSigned = (oracle: Hex) =>
  new TwinwardError("FINDING_SIGNATURE_INVALID", {
    oracle,
    detail: "The signature over the body is not the oracle's.",
  });

/**
 * Reads a signed finding and checks all that needs no chain: canonical text, the digest against what it is of, both
 * signatures against the oracle it names. Whether that oracle is one now is the asker's check.
 * Throws FINDING_MALFORMED or FINDING_SIGNATURE_INVALID.
 */
export function verifyFinding(domain: VerdictDomain, signed: SignedFinding): Finding | ClearRound {
  const body = readFindingBody(signed.body);
  const digest = body.format === "finding@1" ? verdictDigest(domain, body.verdict) : allClearDigest(domain, body.clear);
  const fault = (detail: string) =>
    new TwinwardError("FINDING_SIGNATURE_INVALID", { oracle: body.oracle, digest: body.digest, detail });
  if (digest !== body.digest) throw fault("The digest is not that of what was found, on this chain and contract.");
  if (body.format === "clear@1" && clearRoot(body.devices, body.model) !== body.clear.root)
    throw fault("The root is not that of the devices named.");
  if (recoverCompact(digest, signed.attestation) !== body.oracle) throw fault("The attestation is not the oracle's.");
  if (recoverCompact(personalDigest(signed.body), signed.signature) !== body.oracle) throw notSigned(body.oracle);
  return body;
}
