import { computeAddress, hashMessage, SigningKey, TypedDataEncoder, Wallet } from "ethers";
import { isHex, parseStrict, TwinwardError } from "../../../protocol/index.ts";
import { isRecord } from "../is-record.ts";
import type { Signer } from "./signer.ts";

/**
 * Signs with the account of a key@1 file. The key lives in this closure and nowhere else: it is not stored, and signing
 * out forgets it. `loopback`: whether this page comes from the machine that it is shown on.
 *
 * Throws KEY_FILE_UNUSABLE, or DEVELOPMENT_KEY_REFUSED where such a key would leave the machine that it was made for.
 */
export function keyFileSigner(text: string, loopback: boolean): Signer {
  const key = readKey(text);
  if (key.development === true && !loopback) {
    throw new TwinwardError("DEVELOPMENT_KEY_REFUSED", {
      detail: "It was made for trying things out on one machine, and this page comes from another.",
    });
  }
  const signing = toSigningKey(key.private);
  return {
    getAddress: () => Promise.resolve(computeAddress(signing.publicKey)),
    signMessage: (message) => Promise.resolve(signing.sign(hashMessage(message)).serialized),
    signTypedData: (domain, types, message) =>
      Promise.resolve(signing.sign(TypedDataEncoder.hash(domain, types, message)).serialized),
    async sendTransaction({ to, data }, provider) {
      const wallet = new Wallet(signing, provider);
      const free = (await provider.getBlock("latest"))?.baseFeePerGas === 0n ? { gasPrice: 0n, type: 0 } : {};
      return (await wallet.sendTransaction({ to, data, ...free })).hash;
    },
  };
}

function readKey(text: string): Record<string, unknown> & { private: string } {
  let key: unknown;
  try {
    key = parseStrict(text);
  } catch (cause) {
    throw unusable("It is not JSON.", cause);
  }
  if (!isRecord(key) || key.format !== "key@1") throw unusable("It is not a key@1 file.");
  const { private: secret, type } = key;
  if (type !== "secp256k1") throw unusable("It is not the key of an account (secp256k1).");
  if (!isHex(secret, 32)) throw unusable("Its key is not 32 bytes of hex.");
  return { ...key, private: secret };
}

function toSigningKey(secret: string): SigningKey {
  try {
    const key = new SigningKey(secret);
    computeAddress(key.publicKey); // zero, or beyond the curve's order, is no key
    return key;
  } catch {
    // Without its cause: that one may hold the key.
    throw unusable("Its key is none of secp256k1.");
  }
}

function unusable(detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("KEY_FILE_UNUSABLE", { detail }, cause);
}
