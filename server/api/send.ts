import type { Response } from "express";
import { TwinwardError } from "../../protocol/errors.ts";
import { isScoped, type ScopedTwin } from "../twin/scope.ts";
import { stateOf, type Newest } from "../twin/state.ts";

/** Sends what a reader gets of a twin: nothing but what came out of `scope`. */
export function sendTwin(response: Response, twin: ScopedTwin): void {
  if (!isScoped(twin)) throw new TwinwardError("INTERNAL", { detail: "Not a scoped twin." });
  response.json(twin);
}

/** Sends the sum of what a reader gets of a twin: of nothing but what came out of `scope`. */
export function sendState(response: Response, newest: Newest): void {
  if (!isScoped(newest.twin)) throw new TwinwardError("INTERNAL", { detail: "Not a scoped twin." });
  response.json(stateOf(newest));
}

/** JSON with bitmaps and other bigints as decimal strings. */
export function sendJson(response: Response, value: unknown): void {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === "bigint" ? member.toString() : member,
  );
  response.type("application/json").send(text);
}
