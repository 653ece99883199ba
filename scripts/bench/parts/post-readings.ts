import { request, type Agent, type IncomingHttpHeaders } from "node:http";

/** A request's whole answer. */
export interface Posted {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Sends the body of `POST /v1/readings`, written down beforehand. Without `agent` on a connection of its own. Rejects where the
 * connection breaks before the answer is whole.
 */
export function postReadings(url: string, body: Buffer, agent?: Agent): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const asked = request(
      new URL("/v1/readings", url),
      { method: "POST", headers, agent: agent ?? false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("latin1");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}
