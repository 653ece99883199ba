import type { Request, RequestHandler, Response } from "express";
import type { z } from "zod";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import { ask, lastEventOf, noQuery, pathId, query } from "./asks.ts";
import { readBody } from "./body.ts";
import { identify } from "./identify.ts";
import type { ApiRooms } from "./rooms.ts";

/** What can be sent at one path with one method, what comes back, and the doing of it. /openapi.json is made of these. */
export interface Endpoint {
  /** One line, and what else there is to know. */
  readonly summary: string;
  readonly description?: string;
  /** Whether it is for somebody who has signed in. */
  readonly session: boolean;
  /** It looks itself to which twins a session is narrowed; else an ask must name one of them. */
  readonly narrows: boolean;
  readonly query: z.ZodType;
  readonly body: z.ZodType | undefined;
  /** Bytes of a body at most. */
  readonly limit: number;
  /** By status: the JSON, or null where there is no body. */
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
  /** Events by their names, each with the JSON of its data, where 200 is a stream of them that Last-Event-ID resumes. */
  readonly events: Readonly<Record<string, z.ZodType>> | undefined;
  /** What each line is, where 200 is a file of lines (NDJSON). */
  readonly lines: z.ZodType | undefined;
  /** Why it may be refused, beyond what any asker may be told (openapi.ts). */
  readonly codes: readonly ErrorCode[];
  readonly serve: (asked: Asked<unknown, unknown, boolean>, response: Response) => Promise<void>;
}

/** What came in, read by the endpoint's own schemas. */
export interface Asked<Query, Body, Session extends boolean> {
  /** Who asks, where a session is needed. */
  readonly who: Session extends true ? Hex : undefined;
  /** The only twins that the session is good for; undefined where it is for all. */
  readonly twins: readonly Hex[] | undefined;
  readonly query: Query;
  readonly body: Body;
  /** When the session ends, seconds; undefined where none is needed. */
  readonly until: number | undefined;
  /** Last-Event-ID, where the answer is a stream of events. */
  readonly lastEvent: number | undefined;
  /** An id in the path. */
  readonly path: (name: string) => Hex;
}

interface Plan<Query extends z.ZodType, Body extends z.ZodType, Session extends boolean> {
  readonly summary: string;
  readonly description?: string;
  readonly session?: Session;
  readonly narrows?: boolean;
  /** Left out, no query is taken. */
  readonly query?: Query;
  /** Left out, no body is read. */
  readonly body?: Body;
  readonly limit?: number;
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
  readonly events?: Readonly<Record<string, z.ZodType>>;
  readonly lines?: z.ZodType;
  readonly codes?: readonly ErrorCode[];
  readonly serve: (asked: Asked<z.output<Query>, z.output<Body>, Session>, response: Response) => Promise<void> | void;
}

/** Writes an endpoint down; `serve` is handed what the schemas say, and nothing unread. */
export function endpoint<
  Query extends z.ZodType = typeof noQuery,
  Body extends z.ZodType = z.ZodUndefined,
  Session extends boolean = false,
>(plan: Plan<Query, Body, Session>): Endpoint {
  return {
    summary: plan.summary,
    ...(plan.description !== undefined && { description: plan.description }),
    session: plan.session ?? false,
    narrows: plan.narrows ?? false,
    query: plan.query ?? noQuery,
    body: plan.body,
    limit: plan.limit ?? 0,
    answers: plan.answers,
    events: plan.events,
    lines: plan.lines,
    codes: plan.codes ?? [],
    serve: async (asked, response) => plan.serve(asked as Parameters<typeof plan.serve>[0], response),
  };
}

/**
 * Who, where, what: in this order, so that a stranger is told nothing of the rest. Throws where a session is needed and nobody
 * can sign in.
 */
export function serveAt(one: Endpoint, rooms?: Pick<ApiRooms, "sessions" | "refusals">): RequestHandler {
  if (one.session && rooms === undefined) throw new Error("Nobody can sign in where this endpoint is mounted.");
  return async (request: Request, response: Response) => {
    const session = one.session && rooms ? identify(request, rooms) : undefined;
    const path = (name: string): Hex => pathId(request, name);
    for (const name of Object.keys(request.params)) path(name);
    const asked = query(one.query, request);
    if (session?.twins && !one.narrows) requireOneOf(session.twins, twinNamedBy(request, asked));
    const body = one.body === undefined ? undefined : ask(one.body, readBody(request), "body");
    const lastEvent = one.events === undefined ? undefined : lastEventOf(request);
    const { address: who, twins, until } = session ?? {};
    await one.serve({ who, twins, until, query: asked, body, lastEvent, path }, response);
  };
}

/** A session for certain twins answers asks about one of them; all else looks as if it were not there. */
function requireOneOf(twins: readonly Hex[], named: Hex | undefined): void {
  if (named === undefined || !twins.includes(named)) throw new TwinwardError("NOT_FOUND");
}

/** The twin that an ask is about: in its path below /v1/twins, or as `twin` in its query. */
function twinNamedBy(request: Request, asked: unknown): Hex | undefined {
  if (request.path.startsWith("/v1/twins/")) return pathId(request, "id");
  return (asked as { readonly twin?: Hex }).twin;
}
