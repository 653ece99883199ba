import type { RequestListener } from "node:http";
import type { Config } from "../config/config.ts";
import { openHttp } from "./http-door.ts";
import { readServerTls, type TlsSide } from "./tls.ts";

/** The API's ports: the one that others reach, and with TLS another one for processes of this machine. */
export interface FrontDoors {
  /** What others call this server. */
  readonly url: string;
  /**
   * Where this machine's own processes come in, in plain text on loopback: they need not know who issued our certificate, nor
   * that its name leads here.
   */
  readonly inside: string;
  /** Names (host:port) under which it is visited, and the origins of its pages. */
  readonly domains: readonly string[];
  readonly origins: readonly string[];
  answer(api: RequestListener): void;
  stop(): void;
  close(): Promise<void>;
}

/** The name by which others come, without its port: what the certificate must be for. */
export function nameOf({ publicUrl, host }: Pick<Config, "publicUrl" | "host">): string {
  const name = publicUrl === undefined ? host : new URL(publicUrl).hostname;
  return name.replace(/^\[|\]$/g, "");
}

/** What every door shows; undefined where plain text is spoken. Throws CERTIFICATE_UNUSABLE or KEY_FILE_MODE. */
export async function tlsOf(config: Config, nowMs: number): Promise<TlsSide | undefined> {
  return config.tls && readServerTls(config.tls, nameOf(config), nowMs);
}

export async function openFrontDoors(config: Config, tls: TlsSide | undefined): Promise<FrontDoors> {
  const front = await openHttp(config.host, config.ports.http, tls);
  const inside = tls === undefined ? front : await openHttp("127.0.0.1", 0);
  const doors = [...new Set([front, inside])];
  const url = config.publicUrl ?? front.url;
  const visited = [...new Set([url, front.url, inside.url])].flatMap(namesOf);
  return {
    url,
    inside: inside.url,
    domains: visited.map(({ host }) => host),
    origins: visited.map(({ origin }) => origin),
    answer: (api) => doors.forEach((door) => door.answer(api)),
    stop: () => doors.forEach((door) => door.stop()),
    close: async () => {
      await Promise.all(doors.map((door) => door.close()));
    },
  };
}

/** A loopback server is visited as localhost too. */
function namesOf(url: string): URL[] {
  const named = new URL(url);
  const local = new URL(url);
  local.hostname = "localhost";
  return ["127.0.0.1", "[::1]", "0.0.0.0", "[::]"].includes(named.hostname) ? [named, local] : [named];
}
