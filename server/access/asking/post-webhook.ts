import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { WEBHOOK_SIGNATURE } from "../../../protocol/webhook.ts";
import { lookupPublic, requireAddress } from "./webhook-address.ts";

export interface Posting {
  readonly url: string;
  readonly body: string;
  /** base64url. */
  readonly signature: string;
  readonly privateAllowed: boolean;
  readonly signal: AbortSignal;
}

/** Posts once, follows nothing and reads nothing of the answer but its status. Rejects where there is none. */
export async function postWebhook({ url: text, body, signature, privateAllowed, signal }: Posting): Promise<number> {
  const url = new URL(text);
  requireAddress(url, privateAllowed);
  const request = url.protocol === "https:" ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const posting = request(
      url,
      {
        method: "POST",
        // A connection of its own, whose address is looked up by us: nothing is kept open to where a stranger pointed us.
        agent: false,
        signal,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          [WEBHOOK_SIGNATURE]: signature,
        },
        ...(privateAllowed ? {} : { lookup: lookupPublic }),
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    posting.on("error", reject);
    posting.end(body);
  });
}
