import { z } from "zod";
import { ERRORS, type ErrorCode } from "../../protocol/errors.ts";
import { problem } from "./answers/integrity.ts";
import type { Routes } from "./app.ts";
import { anyQuery, id } from "./asks.ts";
import { codesOf } from "./codes.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";

type Json = Record<string, unknown>;

/** `/openapi.json`: what there is to ask, of the very schemas that asks are read by. OpenAPI 3.1. */
export function openApiRoutes(routes: Routes): Routes {
  const one = endpoint({
    summary: "This description: OpenAPI 3.1",
    query: anyQuery,
    answers: { 200: z.looseObject({ openapi: z.literal("3.1.0"), paths: z.record(z.string(), z.unknown()) }) },
    serve: (_asked, response) => void response.json(document),
  });
  const document = describe({ ...routes, "/openapi.json": { get: one } });
  return { "/openapi.json": { get: one } };
}

function describe(routes: Routes): Json {
  const paths = Object.entries(routes).map(([path, { get, post }]) => [
    path.replace(/:(\w+)/g, "{$1}"),
    { ...(get && { get: operation(path, get) }), ...(post && { post: operation(path, post) }) },
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Twinward",
      version: "1",
      description: "The front door to digital twins: readings in, scoped twins and receipts out.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths: Object.fromEntries(paths) as Json,
    components: {
      securitySchemes: {
        session: { type: "http", scheme: "bearer", description: "The token of /v1/session/login." },
      },
      schemas: { problem: schemaOf(problem) },
    },
  };
}

function operation(path: string, one: Endpoint): Json {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: schemaOf(id),
  }));
  const answers = one.events
    ? [["200", events(one.events)]]
    : one.lines
      ? [["200", lines(one.lines)]]
      : Object.entries(one.answers).map(([status, schema]) => [status, answer(schema)]);
  return {
    summary: one.summary,
    ...(one.description !== undefined && { description: one.description }),
    ...(one.session && { security: [{ session: [] }] }),
    parameters: [...inPath, ...queryParameters(one.query), ...(one.events ? [LAST_EVENT] : [])],
    ...(one.body && {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(one.body) } } },
    }),
    responses: { ...refusals(codesOf(one)), ...(Object.fromEntries(answers) as Json) },
  };
}

function queryParameters(query: z.ZodType): Json[] {
  const { properties = {}, required = [] } = schemaOf(query) as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function answer(schema: z.ZodType | null): Json {
  if (schema === null) return { description: "Done." };
  return { description: "As asked.", content: { "application/json": { schema: schemaOf(schema) } } };
}

const LAST_EVENT: Json = {
  name: "Last-Event-ID",
  in: "header",
  required: false,
  description: "the id of the last event that was got: the stream goes on after it",
  schema: { type: "string", pattern: "^(?:0|[1-9]\\d{0,15})$" },
};

/** OpenAPI 3.1 has no word for what a stream of events consists of: the events are told of beside it. */
function events(schemas: NonNullable<Endpoint["events"]>): Json {
  const told = Object.entries(schemas).map(([name, schema]) => [name, schemaOf(schema)]);
  return {
    description:
      "Events (text/event-stream) until the connection ends; the data of each is JSON, by its name in x-events.",
    content: { "text/event-stream": { schema: { type: "string" } } },
    "x-events": Object.fromEntries(told) as Json,
  };
}

function lines(schema: z.ZodType): Json {
  return {
    description: "Lines of JSON, each as x-line says.",
    content: { "application/x-ndjson": { schema: { type: "string" } } },
    "x-line": schemaOf(schema),
  };
}

/** By status, each with its codes and what they mean. */
function refusals(codes: readonly ErrorCode[]): Json {
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))].sort();
  const schema = { $ref: "#/components/schemas/problem" };
  const told = statuses.map((status) => {
    const mine = codes.filter((code) => ERRORS[code].status === status);
    const description = mine.map((code) => `${code}: ${ERRORS[code].message}`).join("\n");
    return [status, { description, "x-codes": mine, content: { "application/problem+json": { schema } } }];
  });
  return Object.fromEntries(told) as Json;
}

/** What is written into a request or answer, as JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  if ($schema !== "https://json-schema.org/draft/2020-12/schema" || "$defs" in rest) throw new Error("not one schema");
  return rest;
}
