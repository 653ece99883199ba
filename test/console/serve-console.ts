import express from "express";
import helmet from "helmet";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What the console's tests let the server answer; `undefined` = 503, as when the database is away. */
export interface Answers {
  devices: unknown;
  consortium?: unknown;
}

export interface ServedConsole {
  url: string;
  answers: Answers;
  close(): Promise<void>;
}

/** The page policy that the console must live under; the strictest that lets a page ask a named node. */
export function pagePolicy(nodes: readonly string[]): Record<string, string[]> {
  return {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "connect-src": ["'self'", ...nodes],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
  };
}

/** Serves the built console as the server does: plain files, a strict page policy, JSON below /v1. */
export async function serveConsole(directory: string, answers: Answers, nodes: string[] = []): Promise<ServedConsole> {
  const app = express();
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: pagePolicy(nodes) } }));
  app.get("/v1/devices", (_request, response) => {
    if (answers.devices === undefined) response.status(503).json({ status: 503 });
    else response.json(answers.devices);
  });
  app.get("/v1/consortium", (_request, response) => {
    if (answers.consortium === undefined) response.status(503).json({ status: 503 });
    else response.json(answers.consortium);
  });
  app.use(express.static(directory));

  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    answers,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}
