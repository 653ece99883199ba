import { TwinwardError } from "../../protocol/errors.ts";

const WITHIN_MS = 15_000;
const ASK_AGAIN_MS = 100;

/**
 * The server follows the chain a moment behind it: resolves when it has seen what was just mined, so that the next command
 * can rest on it. Throws CHAIN_WAIT_EXPIRED.
 */
export async function seenByServer(what: string, seen: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WITHIN_MS; Date.now() < deadline;) {
    if (await seen()) return;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  throw new TwinwardError("CHAIN_WAIT_EXPIRED", {
    detail: `The server has not seen ${what} within ${WITHIN_MS / 1000} s.`,
  });
}
