import express, { type Request, type RequestHandler } from "express";
import { fromUtf8 } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";

/** Takes at most `limit` bytes, counted before anything is parsed; compressed bodies are refused (they hide a size). */
export function takeBody(limit: number): RequestHandler {
  return express.raw({ type: () => true, limit, inflate: false });
}

/** The strict JSON value of the body. Throws MALFORMED_REQUEST, JSON_MALFORMED or JSON_MEMBER_DUPLICATE. */
export function readBody(request: Request): unknown {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  const body: unknown = request.body;
  if (type !== "application/json" || !(body instanceof Uint8Array)) {
    throw new TwinwardError("MALFORMED_REQUEST", { detail: "Send a JSON body as application/json." });
  }
  let text: string;
  try {
    text = fromUtf8(body);
  } catch (cause) {
    throw new TwinwardError("JSON_MALFORMED", { detail: "The body is not UTF-8." }, cause);
  }
  return parseStrict(text);
}
