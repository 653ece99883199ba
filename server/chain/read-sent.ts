import type { Provider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";

/** What a mined transaction was sent with; undefined where the node does not have it. Throws CHAIN_UNAVAILABLE where it does not say. */
export async function readSent(
  provider: Provider,
  hash: Hex,
): Promise<{ readonly to: Hex | null; readonly data: Hex } | undefined> {
  const found = await provider.getTransaction(hash).catch((error: unknown) => {
    throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
  });
  if (!found) return undefined;
  return { to: (found.to?.toLowerCase() ?? null) as Hex | null, data: found.data as Hex };
}
