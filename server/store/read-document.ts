import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { Tx } from "./database.ts";

/** A device model or manifest: its RFC 8785 text under the SHA-256 that the chain names. */
export interface StoredDocument {
  readonly kind: "device-model" | "manifest";
  readonly body: string;
}

export async function readDocument(tx: Tx, hash: Hex): Promise<StoredDocument | undefined> {
  const [row] = await tx.query<StoredDocument>("select kind, body from document where hash = $1", [fromHex(hash, 32)]);
  return row;
}
