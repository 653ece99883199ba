import { concat, fromHex, fromUtf8, toHex, utf8, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { SignedFinding } from "../../protocol/finding.ts";
import { sha256 } from "../../protocol/hash.ts";
import { canonical } from "../../protocol/json.ts";
import type { KeyName, KeyStore, Sealed } from "../keys/key-store.ts";

/** A row of `finding`; what is sealed is null where nothing of it derives from values. */
export interface FindingRow {
  readonly digest: Uint8Array;
  readonly oracle: Uint8Array;
  readonly body: string;
  /** attestation ‖ signature, 64 bytes each. */
  readonly signature: Uint8Array;
  readonly scope: Uint8Array | null;
  readonly month: string | null;
  readonly nonce: Uint8Array | null;
  readonly sealed: Uint8Array | null;
}

/** Its columns, for whoever selects them. */
export const FINDING_COLUMNS = "digest, oracle, body, signature, scope, month, nonce, sealed";

/** What is taken out of the body: it derives from values, or would let somebody try out what does. */
interface Secret {
  readonly score: unknown;
  readonly explanation: unknown;
  readonly salt: unknown;
}

interface Place extends KeyName {
  readonly digest: Hex;
  readonly oracle: Hex;
}

/** Bound to its row: every other column of it. */
const aadOf = ({ digest, oracle, scope, month }: Place, open: string): Uint8Array =>
  concat(
    utf8("finding"),
    fromHex(digest, 32),
    fromHex(oracle, 20),
    fromHex(scope, 32),
    utf8(month),
    sha256(utf8(open)),
  );

/** The body without what it says of values, and that sealed. Throws KEY_MISSING. */
export function sealFinding(keys: KeyStore, place: Place, body: string): Sealed & { readonly open: string } {
  const { score, explanation, salt, ...rest } = JSON.parse(body) as Secret & Record<string, unknown>;
  const open = canonical(rest);
  const secret = utf8(canonical({ score, explanation, salt }));
  return { open, ...keys.seal(place.scope, place.month, secret, aadOf(place, open)) };
}

/** The finding as its oracle signed it. Throws KEY_MISSING, or SEALED_UNREADABLE where the row was changed. */
export function openFinding(keys: KeyStore, row: FindingRow): SignedFinding {
  const attestation = toHex(row.signature.subarray(0, 64));
  const signature = toHex(row.signature.subarray(64));
  return { body: bodyOf(keys, row), attestation, signature };
}

function bodyOf(keys: KeyStore, row: FindingRow): string {
  const { scope, month, nonce, sealed, body } = row;
  const parts = [scope, month, nonce, sealed];
  if (parts.every((part) => part === null)) return body;
  if (!scope || month === null || !nonce || !sealed)
    throw new TwinwardError("SEALED_UNREADABLE", { detail: "A part of what is sealed is missing." });
  const place = { digest: toHex(row.digest), oracle: toHex(row.oracle), scope: toHex(scope), month };
  const secret = keys.open(place.scope, month, nonce, sealed, aadOf(place, body));
  return canonical({ ...(JSON.parse(body) as object), ...(JSON.parse(fromUtf8(secret)) as Secret) });
}
