import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { toProblem, TwinwardError, type Problem } from "../../protocol/errors.ts";
import type { Log } from "./rooms.ts";

/** Codes after which the same request may succeed soon. */
const LATER = new Set([
  "OVERLOADED",
  "CHAIN_UNAVAILABLE",
  "CHAIN_BEHIND",
  "CHAIN_STALE",
  "DATABASE_UNAVAILABLE",
  "DATABASE_ENDED",
  "DISK_FULL",
  "DISK_NEARLY_FULL",
  "KEYS_UNWRITABLE",
  "NOT_ANCHORED_YET",
  "NOT_RESEALED_YET",
  "STREAM_SUSPENDED",
  "REQUESTS_TOO_MANY",
  "SIGN_INS_TOO_MANY",
  "STREAMS_TOO_MANY",
  "SERVER_ENDING",
]);

/** The one error handler, last: every refusal is an RFC 9457 problem with a code of the table. */
export function problems(log: Log): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, request, response, _next) => {
    const error = toKnown(thrown);
    const problem = toProblem(error);
    // What is not of the table is ours to repair. The request's words stay out of the log: they may hold what is secret.
    if (problem.status >= 500) log.error({ code: problem.code, path: request.path, err: thrown }, "request failed");
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendProblem(response, problem.status, problem);
  };
}

function sendProblem(response: Response, status: number, problem: Problem): void {
  const { retryAfterSeconds: later } = problem;
  if (status === 401) response.set("WWW-Authenticate", "Bearer");
  if (LATER.has(problem.code)) response.set("Retry-After", typeof later === "number" ? String(later) : "1");
  response.status(status).type("application/problem+json").send(JSON.stringify(problem));
}

/** Express refuses a malformed path with a URIError; what it complains about is the request. */
function toKnown(thrown: unknown): unknown {
  return thrown instanceof URIError ? new TwinwardError("MALFORMED_REQUEST", { detail: "The path." }, thrown) : thrown;
}

/** For a path that is known, with a method that is not. */
export function notAllowed(methods: readonly string[]): RequestHandler {
  return (_request, response) => {
    response.set("Allow", methods.join(", "));
    throw new TwinwardError("METHOD_NOT_ALLOWED");
  };
}

export const notFound: RequestHandler = () => {
  throw new TwinwardError("NOT_FOUND");
};
