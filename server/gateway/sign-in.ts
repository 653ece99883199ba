import { fromBase64url, isBase64url, textFromBase64url, utf8 } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { verifyEs256 } from "../../protocol/es256.ts";
import { parseStrict } from "../../protocol/json.ts";
import { Shape } from "../../protocol/shape.ts";
import type { DeviceFact } from "../chain/view.ts";

/** Seconds between issue and expiry at most. */
const LONGEST_SIGN_IN = 300;
/** Seconds by which a device's clock may run ahead of ours. */
const CLOCK_TOLERANCE = 60;
const LONGEST_TOKEN = 1_024;

/**
 * Checks a device's MQTT password: a compact JWS by one of its open keys, header {alg: "ES256", kid: "<key number>"} (typ may
 * be "JWT"), claims {aud: "<chainId>:<DeviceRegistry>", iat, exp ≤ iat + 300 s}. Throws SESSION_INVALID.
 */
export function verifySignIn(token: string, device: DeviceFact, audience: string, nowSeconds: number): void {
  const [header = "", claims = "", signature = "", ...rest] = token.split(".");
  const whole = token.length <= LONGEST_TOKEN && rest.length === 0 && signature.length === 86 && isBase64url(signature);
  if (!whole) throw invalid("It is not a compact JWS.");
  const head = read(header).members(["alg", "kid"], ["typ"]);
  head.alg.literal("ES256");
  head.typ?.literal("JWT");
  const kid = Number(head.kid.matching(/^[1-9][0-9]{0,9}$/, "a key number"));
  const key = device.keys.find(({ number }) => number === kid);
  if (device.state === "retired" || key?.until !== null || key.marks.length > 0)
    throw invalid(`Key ${kid} signs no more.`);
  if (!verifyEs256(key, utf8(`${header}.${claims}`), fromBase64url(signature)))
    throw invalid("Its signature is wrong.");
  const claimed = read(claims).members(["aud", "iat", "exp"]);
  if (claimed.aud.value !== audience) throw invalid(`Its audience is not ${audience}.`);
  const iat = claimed.iat.integer();
  const exp = claimed.exp.integer();
  if (exp > iat + LONGEST_SIGN_IN) throw invalid(`It lives longer than ${LONGEST_SIGN_IN} s.`);
  if (iat > nowSeconds + CLOCK_TOLERANCE) throw invalid("It comes from the future.");
  if (exp <= nowSeconds) throw invalid("It has expired.");
}

function read(part: string): Shape {
  try {
    return new Shape("SESSION_INVALID", parseStrict(textFromBase64url(part)));
  } catch (cause) {
    throw new TwinwardError("SESSION_INVALID", { detail: "It is not base64url of strict JSON." }, cause);
  }
}

function invalid(detail: string): TwinwardError {
  return new TwinwardError("SESSION_INVALID", { detail });
}
