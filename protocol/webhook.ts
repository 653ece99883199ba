import { concat, fromBase64url, fromHex, u256be, utf8, type Hex } from "./bytes.ts";
import { groupOfStream, type Consortium } from "./consortium.ts";
import { TwinwardError } from "./errors.ts";
import { verifyEs256 } from "./es256.ts";
import { sha256 } from "./hash.ts";
import { canonical, parseStrict } from "./json.ts";
import { checkRecord } from "./record.ts";
import type { AnswerRecord } from "./request-record.ts";
import { Shape } from "./shape.ts";

/** webhook@1: the answer to a request, posted to where its reader named. docs/formats/webhook.md. */
export interface Webhook {
  readonly format: "webhook@1";
  readonly chainId: number;
  readonly stream: Hex;
  /** The request@1 record that ended the request. */
  readonly answer: AnswerRecord;
  /** Hash of its leaf: by it the reader gets the receipt. */
  readonly leaf: Hex;
}

/** The header that bears the signature, base64url. */
export const WEBHOOK_SIGNATURE = "Twinward-Signature";

/** What a gateway signs (ES256): "twinward/webhook@1" ‖ chainId u256 ‖ stream ‖ SHA-256 of the body. */
export function webhookMessage({ chainId, stream }: Pick<Webhook, "chainId" | "stream">, body: string): Uint8Array {
  return concat(utf8("twinward/webhook@1"), u256be(chainId), fromHex(stream, 32), sha256(utf8(body)));
}

/**
 * Reads a posted body that a gateway of a trusted consortium signed. Throws UNUSABLE_WEBHOOK for everything else: without the
 * signature it is the word of whoever found the address.
 */
export function verifyWebhook(consortium: Consortium, body: string, signature: string): Webhook {
  const webhook = readWebhook(body);
  const group = groupOfStream(consortium, webhook.stream);
  const fault = (detail: string) => new TwinwardError("UNUSABLE_WEBHOOK", { detail });
  if (webhook.chainId !== consortium.chainId || group === undefined)
    throw fault("It comes from no gateway of this consortium.");
  if (!verifyEs256(group, webhookMessage(webhook, body), signatureOf(signature)))
    throw fault("The signature is not the gateway's.");
  return webhook;
}

function readWebhook(body: string): Webhook {
  let value: unknown;
  try {
    value = parseStrict(body);
    if (canonical(value) !== body) throw new SyntaxError("not canonical");
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_WEBHOOK", { detail: "Not in its RFC 8785 form." }, cause);
  }
  const found = new Shape("UNUSABLE_WEBHOOK", value).members(["format", "chainId", "stream", "answer", "leaf"]);
  const answer = checkRecord(found.answer) as unknown as AnswerRecord;
  if (answer.format !== "request@1") throw found.answer.fault("no answer to a request");
  return {
    format: found.format.literal("webhook@1"),
    chainId: found.chainId.integer(1),
    stream: found.stream.hex(32),
    answer,
    leaf: found.leaf.hex(32),
  };
}

function signatureOf(text: string): Uint8Array {
  try {
    return fromBase64url(text, 64);
  } catch {
    return new Uint8Array(64); // no signature verifies as this one
  }
}
