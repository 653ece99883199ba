import { getAddress } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";

/** What an ERC-4361 message says. Times in ms. */
export interface SignInMessage {
  readonly domain: string;
  /** Lower case. */
  readonly address: Hex;
  readonly statement?: string;
  readonly uri: string;
  readonly chainId: number;
  readonly nonce: string;
  readonly issuedAt: number;
  readonly expiresAt?: number;
  readonly notBefore?: number;
  /** Those that its resources name (`urn:twinward:twin:<id>`): the session is to be good for them alone. */
  readonly twins?: readonly Hex[];
}

/** No wallet writes more; a longer one is refused before it is read. */
const MOST_CHARACTERS = 4096;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const RESOURCE = /^- urn:twinward:twin:(0x[0-9a-f]{64})$/;
/** A token that names them must fit into a header. */
const MOST_TWINS = 32;
const GREETING = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([!-~]+) wants you to sign in with your Ethereum account:$/;

/**
 * Reads an ERC-4361 message: lines in the standard's order, nothing beside them. Throws SESSION_INVALID; whether
 * domain, nonce, chain and times are the right ones is the asker's check.
 */
export function parseSignInMessage(text: string): SignInMessage {
  if (text.length > MOST_CHARACTERS) throw refused("The message is too long.");
  const lines = text.split("\n");
  const domain = GREETING.exec(take(lines, "the greeting"))?.[1];
  if (domain === undefined) throw refused("The first line is not that of ERC-4361.");
  const address = readAddress(take(lines, "the address"));
  if (take(lines, "an empty line") !== "") throw refused("An empty line is missing after the address.");
  const statement = readStatement(lines);

  const uri = field(lines, "URI");
  if (field(lines, "Version") !== "1") throw refused("The version is not 1.");
  const chainId = Number(matching(field(lines, "Chain ID"), /^[1-9]\d{0,15}$/, "The chain id"));
  const nonce = matching(field(lines, "Nonce"), /^[A-Za-z0-9]{8,256}$/, "The nonce");
  const issuedAt = readTime(field(lines, "Issued At"));
  const expires = optional(lines, "Expiration Time");
  const notBefore = optional(lines, "Not Before");
  optional(lines, "Request ID");
  const twins = readResources(lines);
  if (lines.length > 0) throw refused("There is text after the message.");
  return {
    domain,
    address,
    ...(statement === undefined ? {} : { statement }),
    uri,
    chainId,
    nonce,
    issuedAt,
    ...(expires === undefined ? {} : { expiresAt: readTime(expires) }),
    ...(notBefore === undefined ? {} : { notBefore: readTime(notBefore) }),
    ...(twins === undefined ? {} : { twins }),
  };
}

/** The twins among the resources. Others' resources are others' business; one that is nearly ours is refused. */
function readResources(lines: string[]): Hex[] | undefined {
  if (lines[0] !== "Resources:") return undefined;
  lines.shift();
  const twins: Hex[] = [];
  while (lines[0]?.startsWith("- ") === true) {
    const resource = lines.shift() ?? "";
    if (!/^- urn:twinward:/i.test(resource)) continue;
    const id = RESOURCE.exec(resource)?.[1];
    if (id === undefined) throw refused("A resource is no twin (urn:twinward:twin:0x…).");
    twins.push(id as Hex);
  }
  if (twins.length > MOST_TWINS) throw refused(`More than ${MOST_TWINS} twins are named.`);
  return twins.length > 0 ? twins : undefined;
}

/** With a statement: statement, empty line. Without one: an empty line more, or, as many wallets write it, nothing. */
function readStatement(lines: string[]): string | undefined {
  if (lines[0]?.startsWith("URI: ") === true) return undefined;
  const statement = take(lines, "the statement");
  if (statement === "") return undefined;
  if (take(lines, "an empty line") !== "") throw refused("An empty line is missing after the statement.");
  return statement;
}

function readAddress(text: string): Hex {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw refused("The second line is no address.");
  try {
    return getAddress(text).toLowerCase() as Hex;
  } catch (cause) {
    throw refused("The address's checksum (EIP-55) is wrong.", cause);
  }
}

function readTime(text: string): number {
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isSafeInteger(at)) throw refused("A time is not one of RFC 3339.");
  return at;
}

function matching(text: string, pattern: RegExp, what: string): string {
  if (!pattern.test(text)) throw refused(`${what} is malformed.`);
  return text;
}

function take(lines: string[], what: string): string {
  const line = lines.shift();
  if (line === undefined) throw refused(`The message ends before ${what}.`);
  return line;
}

function field(lines: string[], name: string): string {
  const value = optional(lines, name);
  if (value === undefined) throw refused(`The line '${name}' is missing.`);
  return value;
}

function optional(lines: string[], name: string): string | undefined {
  if (lines[0]?.startsWith(`${name}: `) !== true) return undefined;
  return lines.shift()?.slice(name.length + 2);
}

function refused(detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("SESSION_INVALID", { detail }, cause);
}
