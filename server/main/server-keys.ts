import { loadOrCreateKey } from "../keys/signing-keys.ts";
import type { DataDirectory } from "./data-directory.ts";

export const ORACLES = 4;

/** Every key of a set-up on one machine. Main alone reads them, and hands them in as signers. */
export interface ServerKeys {
  /** P-256: signs acks. */
  readonly gateway: Uint8Array;
  /** P-256: the member's key for commands. */
  readonly command: Uint8Array;
  /** secp256k1: sends anchors; its address names the gateway group. */
  readonly sender: Uint8Array;
  readonly deployer: Uint8Array;
  /** secp256k1: the member's signing key, for checkpoints. */
  readonly member: Uint8Array;
  readonly steward: Uint8Array;
  /** secp256k1: two persons who may break the glass, and one who reviews that. */
  readonly holders: readonly Uint8Array[];
  readonly reviewer: Uint8Array;
  readonly oracles: readonly Uint8Array[];
  /** 32 bytes under which session tokens are made. */
  readonly session: Uint8Array;
}

/**
 * Reads the keys, making those that are absent. On the embedded chain they are development keys: one machine holds what
 * several members should, and NODE_ENV=production refuses that.
 */
export async function loadServerKeys(
  data: DataDirectory,
  options: { development: boolean; production: boolean },
): Promise<ServerKeys> {
  const key = (name: string, type: "secp256k1" | "p256") => loadOrCreateKey(data.key(name), type, options);
  return {
    gateway: await key("gateway", "p256"),
    command: await key("command", "p256"),
    sender: await key("sender", "secp256k1"),
    deployer: await key("deployer", "secp256k1"),
    member: await key("member", "secp256k1"),
    steward: await key("steward", "secp256k1"),
    holders: [await key("holder-0", "secp256k1"), await key("holder-1", "secp256k1")],
    reviewer: await key("reviewer", "secp256k1"),
    oracles: await Promise.all(Array.from({ length: ORACLES }, (_, index) => key(`oracle-${index}`, "secp256k1"))),
    session: await key("session", "secp256k1"),
  };
}
