import type { Hex } from "../../../protocol/index.ts";
import { connect, type Client } from "../../sdk/client.ts";
import type { Signer } from "./signer.ts";

/** Somebody who is signed in. All of it lives in this page's memory and is gone with it. */
export interface ReaderSession {
  readonly client: Client;
  /** Signs what they say beside reading; each time they say so. */
  readonly signer: Signer;
  readonly address: Hex;
}

/** Signs in at the server that this page comes from. Throws what it refuses with. */
export async function startSession(signer: Signer): Promise<ReaderSession> {
  const client = connect({ url: new URL(".", location.href).href, signer });
  const { address } = await client.login();
  return { client, signer, address };
}

/** Whether this page comes from the machine that it is shown on. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
