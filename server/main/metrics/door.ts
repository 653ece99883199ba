import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { urlOf } from "../http-door.ts";
import type { TlsSide } from "../tls.ts";
import type { Meters } from "./meters.ts";

/** Where `/metrics` is read: a port of its own, so that who may scrape is not who may ask the API. */
export interface MetricsDoor {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens it on `host`; port 0 takes a free one. It answers GET /metrics and nothing else; with `tls` by HTTPS. */
export async function openMetrics(meters: Meters, host: string, port: number, tls?: TlsSide): Promise<MetricsDoor> {
  const take: RequestListener = (request, response) => {
    request.resume();
    if (request.url !== "/metrics") return void response.writeHead(404).end();
    if (request.method !== "GET") return void response.writeHead(405, { allow: "GET" }).end();
    void meters.text().then((text) => {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
    });
  };
  const { cert = "", key = "" } = tls ?? {};
  const server = tls === undefined ? createServer(take) : createTlsServer({ cert, key }, take);
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    url: `${urlOf(tls === undefined ? "http" : "https", host, (server.address() as AddressInfo).port)}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
