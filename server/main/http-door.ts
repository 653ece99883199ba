import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TlsSide } from "./tls.ts";

/** The port of the API, taken before there is an API. */
export interface HttpDoor {
  readonly url: string;
  /** From now on requests are answered; those that came before waited. */
  answer(api: RequestListener): void;
  /** Takes no new connection, and says to those that are open that this answer is the last. */
  stop(): void;
  /** Ends what is still open. */
  close(): Promise<void>;
}

/** How long a request may take to come in: what it has sent is kept so long. */
const ASK_WITHIN_MS = 60_000;
/** How long an answer may take to leave once everything behind it is closed, ms. */
const LEAVE_WITHIN_MS = 500;

/**
 * Listens at once: the consortium names the endpoint, so the port must be known first. Who asks before everything stands waits
 * until it does: a request that nobody listened to would hang until its sender gave up. With `tls` it speaks HTTPS only.
 */
export async function openHttp(host: string, port: number, tls?: TlsSide): Promise<HttpDoor> {
  const standing = Promise.withResolvers<RequestListener>();
  let ending = false;
  const take: RequestListener = (request, response) => {
    if (ending) response.setHeader("connection", "close");
    void standing.promise.then((api) => void api(request, response));
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(shown(tls), take);
  server.requestTimeout = ASK_WITHIN_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const over = new Promise<void>((resolve) => server.once("close", resolve));
  const stop = (): void => {
    if (ending) return;
    ending = true;
    server.close();
    server.closeIdleConnections();
  };
  return {
    url: urlOf(tls === undefined ? "http" : "https", host, (server.address() as AddressInfo).port),
    answer: standing.resolve,
    stop,
    close: async () => {
      stop();
      const hard = setTimeout(() => server.closeAllConnections(), LEAVE_WITHIN_MS);
      await over;
      clearTimeout(hard);
    },
  };
}

/** Readers sign in by their accounts and show no certificate, so whom we would believe is nobody's affair here. */
const shown = ({ cert = "", key = "" }: TlsSide) => ({ cert, key, handshakeTimeout: 10_000 });

/** An IPv6 address stands in brackets. */
export function urlOf(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}
