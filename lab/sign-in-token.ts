import type { Hex } from "../protocol/bytes.ts";
import { toBase64url, utf8 } from "../protocol/bytes.ts";
import type { Es256Signer } from "../protocol/es256.ts";

/** Longest life of a sign-in token, seconds (DESIGN.md section 6). */
export const TOKEN_SECONDS = 300;

/**
 * The password that a device signs in to MQTT with: a compact JWS (RFC 7515) of its own key over `aud` =
 * "<chainId>:<registry>", so that a token taken at one consortium opens nothing at another.
 *
 * @param now ms
 */
export async function signInToken(
  device: { chainId: number; registry: Hex; kid: number; sign: Es256Signer },
  now: number,
): Promise<string> {
  const iat = Math.floor(now / 1000);
  const header = JSON.stringify({ alg: "ES256", kid: String(device.kid) });
  const claims = JSON.stringify({ aud: `${device.chainId}:${device.registry}`, iat, exp: iat + TOKEN_SECONDS });
  const input = `${toBase64url(utf8(header))}.${toBase64url(utf8(claims))}`;
  return `${input}.${toBase64url(await device.sign(utf8(input)))}`;
}
