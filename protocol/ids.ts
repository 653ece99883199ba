import { concat, fromHex, toHex, u256be, u32be, utf8, type Hex } from "./bytes.ts";
import type { PublicKey } from "./es256.ts";
import { keccak256, sha256 } from "./hash.ts";

/** The ids of DESIGN.md section 6. Addresses are 20 bytes, ids 32; `n` counts from 0. */

/** SHA-256("twinward/device@1" ‖ chainId ‖ first DeviceRegistry ‖ x ‖ y of key 1). */
export function deviceId(chainId: number, registry: Hex, key: PublicKey): Hex {
  const parts = [
    utf8("twinward/device@1"),
    u256be(chainId),
    fromHex(registry, 20),
    fromHex(key.x, 32),
    fromHex(key.y, 32),
  ];
  return toHex(sha256(...parts));
}

/** What a new device key signs to prove that its holder has it. */
export function keyProofMessage(chainId: number, registry: Hex, device: Hex, number: number, steward: Hex): Uint8Array {
  return concat(
    utf8("twinward/key@1"),
    u256be(chainId),
    fromHex(registry, 20),
    fromHex(device, 32),
    u32be(number),
    fromHex(steward, 20),
  );
}

export function assignmentId(chainId: number, twinRegistry: Hex, device: Hex, n: number): Hex {
  return encoded(u256be(chainId), address(twinRegistry), fromHex(device, 32), u256be(n));
}

/** `origin` is the assignment, or for the security twin the device. */
export function twinId(chainId: number, twinRegistry: Hex, origin: Hex, manifestHash: Hex, n: number): Hex {
  return encoded(u256be(chainId), address(twinRegistry), fromHex(origin, 32), fromHex(manifestHash, 32), u256be(n));
}

export function grantId(grant: { twin: Hex; reader: Hex; grantor: Hex; parent: Hex; nonce: bigint | number }): Hex {
  const { twin, reader, grantor, parent, nonce } = grant;
  return encoded(fromHex(twin, 32), address(reader), address(grantor), fromHex(parent, 32), u256be(nonce));
}

/** `cause` is the verdict digest or the break-glass id, `contract` the one that it came from. */
export function caseId(chainId: number, contract: Hex, cause: Hex): Hex {
  return encoded(u256be(chainId), address(contract), fromHex(cause, 32));
}

/** The n-th opening of the glass by a holder of a member, n from 1. */
export function breakGlassId(chainId: number, breakGlass: Hex, member: number, n: number): Hex {
  return encoded(u256be(chainId), address(breakGlass), u256be(member), u256be(n));
}

/** `group` is the address of the gateway group; n counts the group's streams. */
export function streamId(chainId: number, anchorLog: Hex, group: Hex, n: number): Hex {
  return encoded(u256be(chainId), address(anchorLog), address(group), u256be(n));
}

/** keccak256(abi.encode(…)): every part is one word. */
function encoded(...words: readonly Uint8Array[]): Hex {
  return toHex(keccak256(...words));
}

function address(hex: Hex): Uint8Array {
  return concat(new Uint8Array(12), fromHex(hex, 20));
}
