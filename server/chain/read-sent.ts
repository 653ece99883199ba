import type { Provider } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";

/** What a mined transaction was sent with. Throws CHAIN_UNAVAILABLE where the node does not say. */
export async function readSent(
  provider: Provider,
  hash: Hex,
): Promise<{ readonly to: Hex | null; readonly data: Hex }> {
  const found = await provider.getTransaction(hash).catch((error: unknown) => {
    throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
  });
  if (!found) throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: `The node does not have transaction ${hash}.` });
  return { to: (found.to?.toLowerCase() ?? null) as Hex | null, data: found.data as Hex };
}
