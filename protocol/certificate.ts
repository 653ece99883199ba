import { concat, fromHex, utf8 } from "./bytes.ts";
import type { Es256Signer, PublicKey } from "./es256.ts";
import { sha256 } from "./hash.ts";

/** What a certificate is for: `authority` signs others, `client` signs in, `server` answers. */
export type CertificateUse = "authority" | "client" | "server";

export interface CertificateTerms {
  /** 16 random bytes. */
  readonly serial: Uint8Array;
  /** The subject's common name. */
  readonly subject: string;
  readonly key: PublicKey;
  /** Validity [from, until], ms; whole seconds of it are kept. */
  readonly from: number;
  readonly until: number;
  readonly use: CertificateUse;
  /** Other names of the subject: `DNS:name`, `IP:1.2.3.4` or `URI:urn:…`, as OpenSSL writes them. */
  readonly names?: readonly string[];
}

/** Who signs: for an authority that certifies itself, its own subject and key. */
export interface Issuer {
  readonly subject: string;
  readonly key: PublicKey;
  readonly sign: Es256Signer;
}

/**
 * An X.509 version 3 certificate (RFC 5280) in DER, of a P-256 key by a P-256 key: the one kind that devices and brokers need,
 * so this is a writer of that kind and of nothing else. Key identifiers are the first 160 bits of SHA-256 (RFC 7093).
 */
export async function issueCertificate(terms: CertificateTerms, issuer: Issuer): Promise<Uint8Array> {
  const unsigned = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(terms.serial),
    ECDSA_WITH_SHA256,
    commonName(issuer.subject),
    sequence(time(terms.from), time(terms.until)),
    commonName(terms.subject),
    sequence(EC_P256, bitString(point(terms.key))),
    tagged(0xa3, sequence(...extensions(terms, issuer))),
  );
  const signature = await issuer.sign(unsigned);
  const pair = sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
  return sequence(unsigned, ECDSA_WITH_SHA256, bitString(pair));
}

/** RFC 7468: base64 in lines of 64 between its two lines of dashes. */
export function toPem(label: string, der: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...der));
  return `-----BEGIN ${label}-----\n${base64.replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
}

const oid = (hex: string): Uint8Array => tagged(0x06, fromHex(`0x${hex}`));
/** 1.2.840.10045.4.3.2, and 1.2.840.10045.2.1 with 1.2.840.10045.3.1.7. */
const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));
const EC_P256 = sequence(oid("2a8648ce3d0201"), oid("2a8648ce3d030107"));
/** 2.5.4.3. */
const COMMON_NAME = oid("550403");
/** 2.5.29.19, .15, .37, .17, .14, .35. */
const BASIC_CONSTRAINTS = oid("551d13");
const KEY_USAGE = oid("551d0f");
const EXTENDED_KEY_USAGE = oid("551d25");
const ALTERNATIVE_NAMES = oid("551d11");
const SUBJECT_KEY = oid("551d0e");
const AUTHORITY_KEY = oid("551d23");
/** 1.3.6.1.5.5.7.3.1 and .2. */
const PURPOSE = { server: oid("2b06010505070301"), client: oid("2b06010505070302") };
const TRUE = Uint8Array.of(0x01, 0x01, 0xff);

function extensions({ use, key, names = [] }: CertificateTerms, issuer: Issuer): Uint8Array[] {
  const isAuthority = use === "authority";
  const extension = (id: Uint8Array, value: Uint8Array, critical = false): Uint8Array =>
    sequence(id, ...(critical ? [TRUE] : []), tagged(0x04, value));
  return [
    // An authority signs subjects and no further authorities: path length 0.
    extension(BASIC_CONSTRAINTS, isAuthority ? sequence(TRUE, integer(Uint8Array.of(0))) : sequence(), true),
    // keyCertSign and cRLSign, or digitalSignature; the byte before says how many bits are unused.
    extension(KEY_USAGE, tagged(0x03, isAuthority ? Uint8Array.of(1, 0x06) : Uint8Array.of(7, 0x80)), true),
    ...(isAuthority ? [] : [extension(EXTENDED_KEY_USAGE, sequence(PURPOSE[use]))]),
    extension(SUBJECT_KEY, tagged(0x04, keyIdentifier(key))),
    extension(AUTHORITY_KEY, sequence(tagged(0x80, keyIdentifier(issuer.key)))),
    ...(names.length === 0 ? [] : [extension(ALTERNATIVE_NAMES, sequence(...names.map(alternativeName)))]),
  ];
}

function alternativeName(name: string): Uint8Array {
  const [, kind, value] = /^(DNS|IP|URI):([\x21-\x7e]+)$/.exec(name) ?? [];
  if (kind === "DNS" && value !== undefined) return tagged(0x82, utf8(value));
  if (kind === "URI" && value !== undefined) return tagged(0x86, utf8(value));
  const parts = (value ?? "").split(".").map(Number);
  if (kind === "IP" && parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256))
    return tagged(0x87, Uint8Array.from(parts));
  throw new RangeError(`not an alternative name: ${name}`);
}

const keyIdentifier = (key: PublicKey): Uint8Array => sha256(point(key)).subarray(0, 20);

function point({ x, y }: PublicKey): Uint8Array {
  return concat(Uint8Array.of(4), fromHex(x, 32), fromHex(y, 32));
}

function commonName(name: string): Uint8Array {
  return sequence(tagged(0x31, sequence(COMMON_NAME, tagged(0x0c, utf8(name)))));
}

/** UTCTime, and from 2050 on GeneralizedTime (RFC 5280, section 4.1.2.5). */
function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "");
  return digits < "2050" ? tagged(0x17, utf8(digits.slice(2))) : tagged(0x18, utf8(digits));
}

/** A number that is not negative, from its big-endian bytes: as few as it needs, the first bit zero. */
function integer(bytes: Uint8Array): Uint8Array {
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first++;
  const least = bytes.subarray(first);
  return tagged(0x02, (least[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), least) : least);
}

function bitString(bytes: Uint8Array): Uint8Array {
  return tagged(0x03, Uint8Array.of(0), bytes);
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, ...parts);
}

/** Tag, length, value; no part of a certificate is longer than 65 535 bytes. */
function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concat(...parts);
  const { length } = value;
  if (length > 0xffff) throw new RangeError("longer than a certificate may be");
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...head), value);
}
