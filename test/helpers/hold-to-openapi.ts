import type { RequestHandler } from "express";
import { codesOf } from "../../server/api/codes.ts";
import type { Endpoint } from "../../server/api/endpoint.ts";
import type { Routes } from "../../server/api/app.ts";

/**
 * Holds every answer that goes out against what /openapi.json says of its path: status, JSON, and for a refusal its code. What
 * differs is put into `broken`, for the test to look at when it ends.
 */
export function holdToOpenApi(routes: Routes, broken: string[]): RequestHandler {
  const patterns = Object.entries(routes).map(([path, route]) => ({
    path,
    route,
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`),
  }));
  return (request, response, next) => {
    const chunks: Buffer[] = [];
    const [write, end] = [response.write.bind(response), response.end.bind(response)];
    const keep = (chunk: unknown): void => {
      if (typeof chunk === "string" || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
    };
    response.write = (...given: unknown[]) => {
      keep(given[0]);
      return (write as (...all: unknown[]) => boolean)(...given);
    };
    response.end = (...given: unknown[]) => {
      keep(given[0]);
      return (end as (...all: unknown[]) => typeof response)(...given);
    };
    const { method, path } = request;
    const found = patterns.find(({ pattern }) => pattern.test(path));
    // A stream of events that its reader has left is never finished.
    response.once(found?.route.get?.events || found?.route.get?.lines ? "close" : "finish", () => {
      const endpoint = method === "GET" ? found?.route.get : method === "POST" ? found?.route.post : undefined;
      if (!found || !endpoint) return;
      const say = (what: string): void => void broken.push(`${method} ${found.path} ${response.statusCode}: ${what}`);
      const text = Buffer.concat(chunks).toString("utf8");
      if (endpoint.events && response.statusCode === 200) return holdEvents(endpoint.events, text, say);
      if (endpoint.lines && response.statusCode === 200) return holdLines(endpoint.lines, text, say);
      const answer = endpoint.answers[response.statusCode];
      if (answer === null) {
        if (text !== "") say("a body where none was described");
      } else if (answer === undefined) {
        const { code } = JSON.parse(text) as { code: string };
        if (!codesOf(endpoint).some((one) => one === code)) say(`${code} is not described`);
      } else {
        const read = answer.safeParse(JSON.parse(text));
        if (!read.success)
          say(read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
      }
    });
    next();
  };
}

/** Each event by its name; what a connection was cut off in is none. */
function holdEvents(events: NonNullable<Endpoint["events"]>, text: string, say: (what: string) => void): void {
  for (const block of text.split("\n\n").slice(0, -1)) {
    const [, name = "", data = ""] = /^event: (\w+)\n(?:id: \d+\n)?data: (.*)$/.exec(block) ?? [];
    if (/^(?:: beat|retry: \d+)$/.test(block)) continue;
    const read = events[name]?.safeParse(JSON.parse(data === "" ? "null" : data));
    if (read?.success !== true) say(`event ${name}: ${read?.error.message ?? `not described: ${block.slice(0, 200)}`}`);
  }
}

/** Each line by itself; what a connection was cut off in is none. */
function holdLines(schema: NonNullable<Endpoint["lines"]>, text: string, say: (what: string) => void): void {
  for (const line of text.split("\n").slice(0, -1)) {
    const read = schema.safeParse(JSON.parse(line));
    if (!read.success) say(`line ${line.slice(0, 60)}: ${read.error.message}`);
  }
}
