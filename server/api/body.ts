import type { Request, RequestHandler } from "express";
import { concat, fromUtf8 } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";

/** What a refused body may still send, as a multiple of the limit, before its connection is cut. */
const PATIENCE = 4;

/** What all bodies that are still coming or not yet answered may hold together: nobody has shown yet who sends them. */
export class BodyRoom {
  readonly #most: number;
  #held = 0;

  /** Bytes. */
  constructor(most = 128 * 1024 * 1024) {
    this.#most = most;
  }

  /** False where there is no room for so many more bytes. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#most) return false;
    this.#held += bytes;
    return true;
  }

  free(bytes: number): void {
    this.#held -= bytes;
  }
}

/**
 * Takes at most `limit` bytes, counted before anything is parsed. A larger body is refused at once, by its announced
 * length or by the first byte too many, any body with OVERLOADED where `room` is full; compressed bodies are refused because
 * they hide a size.
 */
export function takeBody(limit: number, room: BodyRoom): RequestHandler {
  return (request, response, next) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let held = 0;
    const free = (): void => {
      room.free(held);
      held = 0;
    };
    response.once("close", free);
    let settled = false;
    const settle = (error?: unknown): void => {
      if (settled) return;
      settled = true;
      next(error);
    };

    request.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      // Who was refused is answered already. What else it sends is dropped, so that it can read the answer, to a point.
      if (size > PATIENCE * limit) request.destroy();
      else if (size > limit) settle(new TwinwardError("BODY_TOO_LARGE", { limit }));
      else if (settled) return;
      else if (room.take(chunk.length)) {
        held += chunk.length;
        chunks.push(chunk);
      } else {
        chunks.length = 0;
        free();
        settle(new TwinwardError("OVERLOADED"));
      }
    });
    request.once("end", () => {
      request.body = concat(...chunks);
      chunks.length = 0; // `room` counts every byte once
      settle();
    });
    request.once("error", settle);
    request.once("close", () => settle(new TwinwardError("MALFORMED_REQUEST", { detail: "The body ends early." })));

    if (Number(request.headers["content-length"] ?? 0) > limit) {
      settle(new TwinwardError("BODY_TOO_LARGE", { limit }));
    } else if ((request.headers["content-encoding"] ?? "identity") !== "identity") {
      settle(new TwinwardError("MALFORMED_REQUEST", { detail: "Send the body uncompressed." }));
    }
  };
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
