import { existsSync } from "node:fs";
import type { Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { es256Signer, publicKeyOf, type Es256Signer, type PublicKey } from "../../protocol/es256.ts";
import { keyOfPromise } from "../../protocol/gateway-key.ts";
import type { Chain, ChainView } from "../chain/view.ts";
import { loadOrCreateKey } from "../keys/signing-keys.ts";
import type { PromiseParts, PromiseSigner } from "../store/promise.ts";
import type { DataDirectory } from "./data-directory.ts";
import { streamOf } from "./observe-world.ts";

type Promised = Parameters<PromiseSigner>[1];

/** The file of a group's n-th key: gateway.key, gateway-1.key, … */
export const gatewayKeyFile = (data: DataDirectory, n: number): string =>
  data.key(n === 0 ? "gateway" : `gateway-${n}`);

/**
 * Signs as a gateway group: each promise with the key that the chain names for its time, so that members can change the key
 * while readings come in. A key that lies in keys/ by then is taken without a restart. Throws GATEWAY_KEY_MISSING where the
 * key of that time is not here: a promise by another one would be nobody's.
 */
export function gatewaySigner(parts: {
  readonly data: DataDirectory;
  readonly group: Hex;
  readonly view: () => ChainView;
  readonly production: boolean;
}): PromiseSigner {
  const { data, group, view, production } = parts;
  const signers = new Map<string, Es256Signer>();

  const load = async (): Promise<void> => {
    for (let n = 0; n === 0 || existsSync(gatewayKeyFile(data, n)); n++) {
      const key = await loadOrCreateKey(gatewayKeyFile(data, n), "p256", { development: false, production });
      signers.set(nameOf(publicKeyOf(key)), es256Signer(key));
    }
  };
  return async (message, promise) => {
    const key = keyOfPromise(view().gateway(group)?.keys ?? [], promise);
    if (key !== undefined && !signers.has(nameOf(key))) await load();
    const signer = key && signers.get(nameOf(key));
    if (signer === undefined) throw new TwinwardError("GATEWAY_KEY_MISSING", { group, ...key });
    return signer(message);
  };
}

const nameOf = ({ x, y }: PublicKey): string => x + y;

/** Throws GATEWAY_KEY_MISSING where nothing can be promised now. */
export async function requireGatewayKey(signer: PromiseSigner, now: number): Promise<void> {
  await signer(new Uint8Array(1), at(now));
}

/** Something that is said at this moment, ms. */
export const at = (now: number): Promised => ({ acceptedAt: now, anchorBy: Math.floor(now / 1000) });

/** How this set-up's own gateway promises, once its chain is followed. */
export function promisesOf(plan: {
  readonly data: DataDirectory;
  readonly consortium: Consortium;
  readonly production: boolean;
  readonly now: () => number;
  readonly anchorWithinSeconds: number;
}): (chain: Chain) => Pick<PromiseParts, "signer" | "now" | "anchorWithinSeconds"> {
  const { data, consortium, production, now, anchorWithinSeconds } = plan;
  const { group } = streamOf(consortium);
  return (chain) => {
    const signer = gatewaySigner({ data, group, view: () => chain.view(), production });
    return { signer, now, anchorWithinSeconds };
  };
}
