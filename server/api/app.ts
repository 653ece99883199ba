import express, { type Express, type Request, type RequestHandler } from "express";
import helmet from "helmet";
import { BodyRoom, takeBody } from "./body.ts";
import { serveAt, type Endpoint } from "./endpoint.ts";
import { openApiRoutes } from "./openapi.ts";
import { notAllowed, notFound, problems } from "./problems.ts";
import type { ApiRooms } from "./rooms.ts";
import { accessRoutes } from "./routes/access.ts";
import { askingRoutes } from "./routes/asking.ts";
import { breakGlassRoutes } from "./routes/break-glass.ts";
import { detectionRoutes } from "./routes/detection.ts";
import { healthRoutes } from "./routes/health.ts";
import { integrityRoutes } from "./routes/integrity.ts";
import { liveRoutes } from "./routes/live.ts";

/** What is done at one path. */
export interface Route {
  readonly get?: Endpoint;
  readonly post?: Endpoint;
}
export type Routes = Readonly<Record<string, Route>>;

/** The front door: one Express app over rooms that were made elsewhere. Starts nothing and owns nothing. */
export function createApi(rooms: ApiRooms): Express {
  const app = newApp(rooms, rooms.consortium.rpc);
  mount(app, routesOf(rooms), rooms);
  if (rooms.console !== undefined) app.use(express.static(rooms.console, { dotfiles: "ignore", redirect: false }));
  return refuseTheRest(app, rooms);
}

/** /healthz and /readyz alone, for a process that serves nobody anything else. */
export function createHealth(rooms: Pick<ApiRooms, "ready" | "answered" | "log">): Express {
  const app = newApp(rooms, undefined);
  mount(app, healthRoutes(rooms));
  return refuseTheRest(app, rooms);
}

function newApp(rooms: Pick<ApiRooms, "answered" | "log">, node: string | undefined): Express {
  const app = express();
  app.disable("x-powered-by");
  // Answers rest on decisions: they are made anew each time.
  app.set("etag", false);
  // "simple": a repeated member becomes an array, which every schema refuses.
  app.set("query parser", "simple");
  app.set("case sensitive routing", true);
  app.set("strict routing", true);
  app.use(harden(node));
  app.use(note(rooms));
  return app;
}

function refuseTheRest(app: Express, { log }: Pick<ApiRooms, "log">): Express {
  app.use(notFound);
  app.use(problems(log));
  return app;
}

/** Every path with what is done there: what is mounted, and what /openapi.json tells of. */
export function routesOf(rooms: ApiRooms): Routes {
  const parts = [
    integrityRoutes,
    accessRoutes,
    liveRoutes,
    askingRoutes,
    breakGlassRoutes,
    detectionRoutes,
    healthRoutes,
  ].map((routes) => routes(rooms));
  const routes = Object.fromEntries(parts.flatMap((one) => Object.entries(one)));
  return { ...routes, ...openApiRoutes(routes) };
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
function note({ log, answered }: Pick<ApiRooms, "answered" | "log">): RequestHandler {
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

/** Without rooms where nobody signs in. */
function mount(app: Express, routes: Routes, rooms?: ApiRooms): void {
  const room = new BodyRoom();
  for (const [path, { get, post }] of Object.entries(routes)) {
    const route = app.route(path);
    if (get) route.get(serveAt(get, rooms));
    if (post) route.post(takeBody(post.limit, room), serveAt(post, rooms));
    route.all(notAllowed([...(get ? ["GET", "HEAD"] : []), ...(post ? ["POST"] : [])]));
  }
}
