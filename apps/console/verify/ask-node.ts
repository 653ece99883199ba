import { isRecord } from "../is-record.ts";
import { UnusableInput } from "./unusable-input.ts";

const ANSWER_WITHIN = 5_000;

/**
 * Asks a node once whether it is one, before the verifier leans on it: browsers hide why a request failed, and this is
 * the one place that can still tell a page policy, a closed port and a wrong address apart.
 *
 * @throws UnusableInput in words
 */
export async function askNode(url: string): Promise<void> {
  const remedy = "Use an anchors file instead, or run: npx twinward verify RECEIPT.json --rpc URL";
  const failed = (words: string): UnusableInput => new UnusableInput("The chain node", url, words, remedy);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw failed("This is not an http address.");

  let forbidden = false;
  const watch = (): void => {
    forbidden = true;
  };
  document.addEventListener("securitypolicyviolation", watch);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    const answer: unknown = await response.json();
    if (!isRecord(answer) || typeof answer.result !== "string")
      throw failed("It does not answer as a chain node does.");
  } catch (error) {
    if (error instanceof UnusableInput) throw error;
    // The violation is reported as an event of its own, after the fetch has failed.
    await new Promise((resolve) => setTimeout(resolve));
    if (forbidden) throw failed("The policy of this page does not let it ask that address.");
    if (error instanceof DOMException && error.name === "TimeoutError") throw failed("No answer within 5 s.");
    if (error instanceof SyntaxError) throw failed("It does not answer as a chain node does.");
    throw failed("It cannot be reached, or does not allow web pages to ask (CORS).");
  } finally {
    document.removeEventListener("securitypolicyviolation", watch);
  }
}
