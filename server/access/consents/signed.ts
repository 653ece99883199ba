import type { Hex } from "../../../protocol/bytes.ts";
import {
  consentDigest,
  isConsentSigned,
  type ConsentDomain,
  type ConsentFacts,
  type ConsentMessage,
} from "../../../protocol/consent-record.ts";
import { purposeNames } from "../../../protocol/words.ts";
import { interfaces } from "../../chain/interfaces.ts";
import { someone } from "./facts.ts";

/** What a transaction was sent with. */
export interface Sent {
  readonly to: Hex | null;
  readonly data: Hex;
}

export interface SignedConsent {
  readonly message: ConsentMessage;
  readonly signature: Hex;
}

/**
 * What was signed for an event, out of the transaction that brought it; undefined where it was said without a signature, or in a way
 * that does not show one (a wallet that is a contract may send whatever it likes). `nonce`: how often this consent was set before.
 */
export function signedOf(
  domain: ConsentDomain,
  sent: Sent,
  facts: ConsentFacts,
  nonce: number,
): SignedConsent | undefined {
  try {
    return readSigned(domain, sent, facts, nonce);
  } catch {
    // A contract reads more loosely than we do, and takes what lacks its padding: whoever sends such a thing stops no other's leaf.
    return undefined;
  }
}

function readSigned(
  domain: ConsentDomain,
  { to, data }: Sent,
  facts: ConsentFacts,
  nonce: number,
): SignedConsent | undefined {
  const { GrantRegistry, TwinRegistry } = domain.contracts;
  if (facts.step === "bound" && to === TwinRegistry) {
    const call = interfaces.TwinRegistry.parseTransaction({ data });
    if (call?.name !== "bindSubject") return undefined;
    const [assignment, subject, guardian, deadline, signature] = lower(call.args);
    if (assignment !== facts.scope || subject !== facts.by || guardian === undefined) return undefined;
    const said = { assignment, subject, guardian: someone(guardian), deadline: Number(deadline) };
    return under(domain, facts.by, { type: "Subject", said }, signature);
  }
  if ((facts.step === "agreed" || facts.step === "withdrawn") && to === GrantRegistry) {
    const call = interfaces.GrantRegistry.parseTransaction({ data });
    if (call?.name !== "relayConsent") return undefined;
    const [twin, reader, purposes, signer, deadline, signature] = lower(call.args);
    if (twin !== facts.twin || reader !== facts.reader || signer !== facts.by || !twin || !reader) return undefined;
    const said = { twin, reader, purposes: purposeNames(Number(purposes)), nonce, deadline: Number(deadline) };
    return under(domain, facts.by, { type: "Consent", said }, signature);
  }
  return undefined;
}

type Unsigned = Parameters<typeof consentDigest>[1];

function under(domain: ConsentDomain, by: Hex, said: Unsigned, signature: Hex | undefined): SignedConsent | undefined {
  if (signature === undefined) return undefined;
  const digest = consentDigest(domain, said);
  const isOwn = isConsentSigned({ digest }, by, signature);
  return { message: { ...said, digest, ...(isOwn ? {} : { signer: "contract" }) }, signature };
}

const lower = (args: Iterable<unknown>): (Hex | undefined)[] =>
  [...args].map((one) => String(one).toLowerCase() as Hex);
