import type { Express } from "express";

interface Layer {
  readonly name: string;
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/**
 * Method and path of every route that an app has, those of routers within it too; what else may answer is told as `use` with the
 * function's name, in order. Answers of METHOD_NOT_ALLOWED are not methods of their own.
 */
export function mountedOf(app: Express): string[] {
  const tell = ({ name, route, handle }: Layer): string[] => {
    if (route)
      return [
        ...new Set(route.stack.flatMap(({ method }) => (method === undefined ? [] : [`${method} ${route.path}`]))),
      ];
    return handle.stack === undefined ? [`use ${name}`] : handle.stack.flatMap(tell);
  };
  return (app.router as unknown as { readonly stack: readonly Layer[] }).stack.flatMap(tell);
}
