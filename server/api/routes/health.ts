import { readyParts } from "../ready-parts.ts";
import type { Routes } from "../app.ts";
import type { ApiRooms } from "../rooms.ts";

/** `/healthz`: the process answers. `/readyz`: it can also do its work; says which part cannot. */
export function healthRoutes({ ready = {} }: ApiRooms): Routes {
  return {
    "/healthz": {
      async get(_request, response) {
        response.json({ healthy: true });
      },
    },
    "/readyz": {
      async get(_request, response) {
        const parts = await readyParts(ready);
        const holds = Object.values(parts).every((code) => code === "ok");
        response.status(holds ? 200 : 503).json({ ready: holds, parts });
      },
    },
  };
}
