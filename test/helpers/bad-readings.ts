import type { PostedReading } from "../../apps/sdk/answers.ts";
import { createRandom } from "../../ml/random.ts";
import { fromBase64url, toBase64url, toHex, utf8, ZERO_32 } from "../../protocol/bytes.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { newPrivateKey } from "../../protocol/es256.ts";
import { MODEL, type BedsideDevice } from "./bedside-device.ts";

const random = createRandom("bad readings");
/** Order of P-256's group: the s of an ECDSA signature may be replaced by N − s. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** header.payload, signature and the disclosures with their tildes. */
function parts(text: string): { input: string; signature: string; rest: string } {
  const [token = "", ...rest] = text.split("~");
  const cut = token.lastIndexOf(".");
  return { input: token.slice(0, cut), signature: token.slice(cut + 1), rest: ["", ...rest].join("~") };
}

/** The other signature that the same key makes of the same bytes. */
export function malleated(text: string): string {
  const { input, signature, rest } = parts(text);
  const bytes = fromBase64url(signature, 64);
  const s = N - BigInt(toHex(bytes.slice(32)));
  return `${input}.${toBase64url(Buffer.concat([bytes.slice(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]))}${rest}`;
}

/** The promise of an ack, without what tells where the device stands now. */
export function promiseOf(answer: PostedReading | undefined): object {
  return Object.fromEntries(
    Object.entries(answer ?? {}).filter(([name]) => !["expected", "prev", "time"].includes(name)),
  );
}

type Bad = (device: BedsideDevice, other: BedsideDevice) => Promise<string>;

/** Readings that are refused for what they are, with their codes. None of them moves the device on. */
export const REFUSED: [ErrorCode, string, Bad][] = [
  ["READING_MALFORMED", "no reading at all", async () => "72 beats per minute"],
  ["READING_MALFORMED", "nothing", async () => ""],
  ["READING_MALFORMED", "one without its last tilde", async (d) => (await d.build()).slice(0, -1)],
  ["READING_MALFORMED", "one without a signature", async (d) => (await d.build()).replace(/\.[^.~]+~/, ".~")],
  ["READING_MALFORMED", "one with a short signature", async (d) => (await d.build()).replace(/(\.[^.~]{80})[^.~]+~/, "$1~")],
  ["READING_MALFORMED", "one that discloses a segment twice", async (d) => (await d.build()).replace(/~([^~]+)~/, "~$1~$1~")],
  ["READING_NOT_CANONICAL", "padded base64url", async (d) => (await d.build()).replace(/(\.[^.~]{86})~/, "$1==~")],
  ["READING_NOT_CANONICAL", "a last character with unused bits", async (d) => (await d.build()).replace(/([AQgw])~/, (_, last: string) => `${BASE64URL[BASE64URL.indexOf(last) + 1]}~`)],
  ["READING_NOT_CANONICAL", "another header", async (d) => { const text = await d.build(); return `${toBase64url(utf8('{"alg":"none","typ":"reading+sd-jwt","kid":"1"}'))}${text.slice(text.indexOf("."))}`; }],
  ["READING_TOO_LARGE", "more than 65 536 characters", async (d) => `${await d.build()}${"A".repeat(66_000)}~`],
  ["DISCLOSURE_MISSING", "one that withholds a segment", async (d) => (await d.build()).replace(/~[^~]+~/, "~")],
  ["DISCLOSURE_UNKNOWN", "one with another reading's disclosure", async (d) => (await d.build()).replace(/~[^~]+~/, `~${parts(await d.build()).rest.split("~")[1] ?? ""}~`)],
  ["DISCLOSURE_UNKNOWN", "a segment that its model does not have", async (d) => d.build({ segments: [...MODEL.segments, { name: "liver", unit: "1" }].map(({ name, unit }) => ({ name, unit, t: [], v: [] })) })],
  ["MODEL_UNEXPECTED", "another model", async (d) => d.build({ model: "monitor@2" })],
  ["SIGNATURE_INVALID", "another key's signature", async (d) => d.build({}, newPrivateKey((size) => random.bytes(size)))],
  ["SIGNATURE_INVALID", "another device's signature", async (d, other) => d.build({}, other.key)],
  ["SIGNATURE_INVALID", "another reading's signature", async (d) => { const [one, two] = [parts(await d.build()), parts(await d.build())]; return `${one.input}.${two.signature}${one.rest}`; }],
  ["KEY_NOT_VALID", "a key number that does not exist", async (d) => d.build({ kid: 2 })],
  ["PREV_MISMATCH", "a prev that is not the reading before", async (d) => d.build({ prev: toHex(random.bytes(32)) })],
  ["SEQUENCE_CONFLICT", "a second reading at an accepted sequence", async (d) => d.build({ sequence: 1, prev: ZERO_32 })],
]; // prettier-ignore
