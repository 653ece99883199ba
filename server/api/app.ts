import express, { type Express, type Request, type RequestHandler } from "express";
import helmet from "helmet";
import { BodyRoom, takeBody } from "./body.ts";
import { notAllowed, notFound, problems } from "./problems.ts";
import type { ApiRooms } from "./rooms.ts";
import { accessRoutes } from "./routes/access.ts";
import { detectionRoutes } from "./routes/detection.ts";
import { healthRoutes } from "./routes/health.ts";
import { integrityRoutes } from "./routes/integrity.ts";

/** What is done at one path. `limit`: bytes of a body, for paths that take one. */
export interface Route {
  readonly get?: RequestHandler;
  readonly post?: RequestHandler;
  readonly limit?: number;
}
export type Routes = Readonly<Record<string, Route>>;

/** The front door: one Express app over rooms that were made elsewhere. Starts nothing and owns nothing. */
export function createApi(rooms: ApiRooms): Express {
  const app = express();
  app.disable("x-powered-by");
  // Answers rest on decisions: they are made anew each time.
  app.set("etag", false);
  // "simple": a repeated member becomes an array, which every schema refuses.
  app.set("query parser", "simple");
  app.set("case sensitive routing", true);
  app.set("strict routing", true);

  app.use(harden(rooms.consortium.rpc));
  app.use(note(rooms));
  const room = new BodyRoom();
  for (const routes of [integrityRoutes, accessRoutes, detectionRoutes, healthRoutes]) mount(app, routes(rooms), room);
  if (rooms.console !== undefined) app.use(express.static(rooms.console, { dotfiles: "ignore", redirect: false }));
  app.use(notFound);
  app.use(problems(rooms.log));
  return app;
}

/** Nothing from elsewhere, nothing inline, no framing; a page may ask the consortium's node, to verify by it. */
function harden(node: string | undefined): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'self'"],
        "connect-src": ["'self'", ...(node === undefined ? [] : [new URL(node).origin])],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
      },
    },
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });
}

/** One line per answer: method, path, status, ms. No query, no header, no body: they may hold what is secret. */
function note({ log, answered }: ApiRooms): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    const { method, path } = request;
    if (path.startsWith("/v1/")) response.set("Cache-Control", "no-store");
    response.once("finish", () => {
      const { statusCode: status } = response;
      const ms = Math.round(performance.now() - began);
      log.info({ method, path, status, ms }, "answered");
      answered?.({ method, route: routeOf(request), status, ms });
    });
    next();
  };
}

/** The pattern that the request met; everything without one is one: a stranger chooses paths as he likes. */
function routeOf(request: Request): string {
  const { path } = (request.route ?? {}) as { path?: unknown };
  return typeof path === "string" ? path : "other";
}

function mount(app: Express, routes: Routes, room: BodyRoom): void {
  for (const [path, { get, post, limit }] of Object.entries(routes)) {
    const route = app.route(path);
    if (get) route.get(get);
    if (post) route.post(takeBody(limit ?? 0, room), post);
    route.all(notAllowed([...(get ? ["GET", "HEAD"] : []), ...(post ? ["POST"] : [])]));
  }
}
