import { createHmac, timingSafeEqual } from "node:crypto";
import { recoverAddress, hashMessage } from "ethers";
import { isBase64url, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { AddressLimit } from "./asking/limits.ts";
import { parseSignInMessage, type SignInMessage } from "./sign-in-message.ts";

/** How long a nonce may wait for its signature, ms. */
const NONCE_LIVES = 5 * 60_000;
/** How far a wallet's clock may be off, ms. */
const CLOCK_SKEW = 60_000;
/** A token's life, seconds; DESIGN.md says short. */
const TOKEN_LIVES = 15 * 60;
/** Sign-ins whose nonce is remembered as used; more than this many in five minutes is an attack. */
const MOST_USED = 100_000;
const FORMAT = "session@1";
/** Characters: a token that is good for a few twins only names them. */
const MOST_TOKEN = 4_096;
/** Contracts that are asked at once: whoever signs in chooses which, and what it costs the node. */
const MOST_ASKED = 8;

interface Claims {
  readonly sub: Hex;
  readonly exp: number;
  readonly twins?: readonly Hex[];
}

export interface SessionParts {
  /** At least 32 secret bytes; whoever has them can sign in as anybody. */
  readonly secret: Uint8Array;
  readonly chainId: number;
  /** Authorities (host:port) that this server is known by. Never taken from a request: its Host is the asker's word. */
  readonly domains: () => readonly string[];
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  /** Whether the contract at an address takes a signature for its own (ERC-1271), by the chain as it is now. */
  readonly takesSignature: (wallet: Hex, digest: Hex, signature: Hex) => Promise<boolean>;
}

/** Who somebody is for a while; it says nothing about what they may do. `until` in seconds. */
export interface Session {
  readonly token: string;
  readonly address: Hex;
  readonly until: number;
}

/** Whom a token names, and the only twins that it is good for, where the message that was signed named some. */
export interface Identity {
  readonly address: Hex;
  readonly twins?: readonly Hex[];
  /** Seconds. */
  readonly until: number;
}

export interface Sessions {
  /** A nonce for one sign-in within five minutes. Nothing is stored for it, so asking for many costs us nothing. */
  nonce(): string;
  /** The clock that messages are judged by, ms. */
  time(): number;
  /**
   * Checks an ERC-4361 message and its signature in hex: the address's own (EIP-191, 65 bytes), or one that the contract at it
   * takes (ERC-1271). `from`: the network address that it comes from. Throws SESSION_INVALID; where it is not signed by the address's own
   * key also SIGN_INS_TOO_MANY, OVERLOADED, and CHAIN_UNAVAILABLE or CHAIN_STALE.
   */
  login(message: string, signature: string, from?: string): Promise<Session>;
  /** Throws SESSION_INVALID. */
  identify(token: string): Identity;
}

/** Sign-in with Ethereum (ERC-4361), and tokens that carry identity only. */
export function createSessions(parts: SessionParts): Sessions {
  if (parts.secret.length < 32) throw new RangeError("the session secret is shorter than 32 bytes");
  // Used nonces are kept in memory. A nonce of an earlier process must not count, or it could be used again after a
  // restart: so nonces are made under a key of this process alone, and only tokens outlive it.
  const boot = parts.random(32);
  const used = new Map<string, number>();

  const nonceMac = (body: string): string => mac(boot, `nonce:${body}`).toString("hex").slice(0, 32);
  const seconds = (): number => Math.floor(parts.now() / 1000);

  /** When the nonce was made, ms. Throws SESSION_INVALID when it is not ours, too old, or was used before. */
  function requireUnspent(nonce: string): number {
    const body = nonce.slice(0, 36);
    const born = Number.parseInt(body.slice(0, 12), 16);
    const ours = /^[0-9a-f]{68}$/.test(nonce) && equal(nonceMac(body), nonce.slice(36));
    if (!ours || parts.now() >= born + NONCE_LIVES) throw refused("The nonce is not one of ours, or too old.");
    if (used.has(nonce)) throw refused("The nonce was used before.");
    return born;
  }

  function spend(nonce: string): void {
    const born = requireUnspent(nonce);
    for (const [old, until] of used) {
      if (until > parts.now()) break;
      used.delete(old);
    }
    if (used.size >= MOST_USED) throw new TwinwardError("OVERLOADED", { retryAfterSeconds: 60 });
    used.set(nonce, born + NONCE_LIVES + CLOCK_SKEW);
  }

  let asking = 0;
  const limit = new AddressLimit(parts.now);
  /**
   * By the address itself, or by the contract that it is. Both ways are tried: an address may have become a contract. Only what its own key
   * has not signed is counted: nobody with a key is kept out by others who come through the same proxy.
   */
  async function isSigned(address: Hex, text: string, signature: string, from: string): Promise<boolean> {
    if (!/^0x(?:[0-9a-fA-F]{2}){0,4096}$/.test(signature)) throw refused("The signature is not in hex.");
    if (recover(text, signature) === address) return true;
    const waitMs = limit.take(from);
    if (waitMs > 0) throw new TwinwardError("SIGN_INS_TOO_MANY", { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    if (asking >= MOST_ASKED) throw new TwinwardError("OVERLOADED");
    asking += 1;
    try {
      return await parts.takesSignature(address, hashMessage(text) as Hex, signature as Hex);
    } finally {
      asking -= 1;
    }
  }

  return {
    nonce() {
      const body = parts.now().toString(16).padStart(12, "0") + Buffer.from(parts.random(12)).toString("hex");
      return body + nonceMac(body);
    },

    time: () => parts.now(),

    async login(text, signature, from = "") {
      const message = parseSignInMessage(text);
      checkContext(message, parts);
      requireUnspent(message.nonce);
      if (!(await isSigned(message.address, text, signature, from)))
        throw refused("The signature is not the address's.");
      // Only a signed message spends its nonce: nobody can spend another's.
      spend(message.nonce);
      const now = seconds();
      const given = message.expiresAt === undefined ? Infinity : Math.floor(message.expiresAt / 1000);
      const until = Math.min(now + TOKEN_LIVES, given);
      const { address: sub, twins } = message;
      const body = Buffer.from(JSON.stringify({ format: FORMAT, sub, exp: until, twins })).toString("base64url");
      return { token: `${body}.${mac(parts.secret, body).toString("base64url")}`, address: message.address, until };
    },

    identify(token) {
      const [body = "", tag = "", ...rest] = token.length > MOST_TOKEN ? [] : token.split(".");
      const ours = rest.length === 0 && isBase64url(tag) && isBase64url(body);
      if (!ours || !equal(mac(parts.secret, body).toString("base64url"), tag)) throw refused("The token is not ours.");
      // Its tag is ours, so its content is what we wrote.
      const { sub, exp, twins } = JSON.parse(Buffer.from(body, "base64url").toString()) as Claims;
      if (seconds() >= exp) throw refused("The session has ended.");
      return { address: sub, ...(twins && { twins }), until: exp };
    },
  };
}

function checkContext(message: SignInMessage, { chainId, domains, now }: SessionParts): void {
  const names = domains();
  if (!names.includes(message.domain)) throw refused("The message is for another domain.");
  if (!URL.canParse(message.uri) || !names.includes(new URL(message.uri).host)) throw refused("The URI is not ours.");
  if (message.chainId !== chainId) throw refused("The message is for another chain.");
  const at = now();
  if (message.issuedAt > at + CLOCK_SKEW) throw refused("The message is from the future.");
  if (message.issuedAt <= at - NONCE_LIVES - CLOCK_SKEW) throw refused("The message is too old.");
  if (message.expiresAt !== undefined && at >= message.expiresAt) throw refused("The message has expired.");
  if (message.notBefore !== undefined && at < message.notBefore) throw refused("The message is not valid yet.");
}

/** Whose key made the signature; undefined where no key can have. */
function recover(text: string, signature: string): string | undefined {
  if (signature.length !== 132) return undefined;
  try {
    return recoverAddress(hashMessage(text), signature).toLowerCase();
  } catch {
    return undefined;
  }
}

const mac = (key: Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function equal(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refused(detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("SESSION_INVALID", { detail }, cause);
}
