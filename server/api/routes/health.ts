import { toProblem } from "../../../protocol/errors.ts";
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
        const asked = Object.entries(ready).map(async ([name, check]): Promise<[string, string]> => {
          const code = await check().then(
            () => "ok",
            (error: unknown) => toProblem(error).code,
          );
          return [name, code];
        });
        const parts = Object.fromEntries(await Promise.all(asked));
        const holds = Object.values(parts).every((code) => code === "ok");
        response.status(holds ? 200 : 503).json({ ready: holds, parts });
      },
    },
  };
}
