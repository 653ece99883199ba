import type { Response } from "express";
import { TwinwardError } from "../../protocol/errors.ts";
import { isScoped, type ScopedTwin } from "../twin/scope.ts";

/** Sends what a reader gets of a twin: nothing but what came out of `scope`. */
export function sendTwin(response: Response, twin: ScopedTwin): void {
  if (!isScoped(twin)) throw new TwinwardError("INTERNAL", { detail: "Not a scoped twin." });
  response.json(twin);
}

/** JSON with bitmaps and other bigints as decimal strings. */
export function sendJson(response: Response, value: unknown): void {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === "bigint" ? member.toString() : member,
  );
  response.type("application/json").send(text);
}
