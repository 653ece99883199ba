import type { Answer, Transport } from "../transport.ts";
import { NoAnswer } from "../transport.ts";

/** Sends readings to `POST /v1/readings` of the gateway at `url`. */
export function connectHttp(url: string, options: { timeoutMs?: number } = {}): Transport {
  const endpoint = new URL("/v1/readings", url);
  const closing = new AbortController();
  return {
    async send(reading) {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(options.timeoutMs ?? 10_000)]);
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ readings: [reading] });
      let answered: unknown;
      try {
        const response = await fetch(endpoint, { method: "POST", headers, body, signal });
        answered = await response.json();
        // A refusal of the whole (503, 413 …) is a problem without results: nothing was said about the reading itself.
        if (!response.ok) throw new NoAnswer(`the gateway answered ${response.status}`, { cause: answered });
      } catch (cause) {
        throw cause instanceof NoAnswer ? cause : new NoAnswer("the gateway did not answer", { cause });
      }
      const [answer] = (answered as { results?: Answer[] }).results ?? [];
      if (!answer) throw new NoAnswer("the gateway answered nothing about the reading");
      return answer;
    },
    close() {
      closing.abort();
      return Promise.resolve();
    },
  };
}
