import { anyQuery } from "../asks.ts";
import { health, readiness } from "../answers/integrity.ts";
import type { Routes } from "../app.ts";
import { endpoint } from "../endpoint.ts";
import { readyParts } from "../ready-parts.ts";
import type { ApiRooms } from "../rooms.ts";

/** `/healthz`: the process answers. `/readyz`: it can also do its work; says which part cannot. */
export function healthRoutes({ ready = {} }: Pick<ApiRooms, "ready">): Routes {
  return {
    "/healthz": {
      get: endpoint({
        summary: "Whether the process answers",
        query: anyQuery,
        answers: { 200: health },
        serve: (_asked, response) => void response.json({ healthy: true }),
      }),
    },
    "/readyz": {
      get: endpoint({
        summary: "Whether it can do its work, and which part cannot",
        query: anyQuery,
        answers: { 200: readiness, 503: readiness },
        serve: async (_asked, response) => {
          const parts = await readyParts(ready);
          const holds = Object.values(parts).every((code) => code === "ok");
          response.status(holds ? 200 : 503).json({ ready: holds, parts });
        },
      }),
    },
  };
}
