import type { Route } from "playwright-core";

/** Lets the real server answer, and changes what it said on the way. */
export async function answering<T>(route: Route, change: (answer: T) => unknown): Promise<void> {
  const response = await route.fetch();
  if (!response.ok()) return route.fulfill({ response });
  await route.fulfill({ response, body: JSON.stringify(change((await response.json()) as T)) });
}

/** The same reading with another first disclosure. */
export function forge(reading: string): string {
  const [token = "", first = "", ...rest] = reading.split("~");
  const told = Buffer.from(first, "base64url")
    .toString()
    .replace(/"v":\[\d+/, '"v":[99');
  return [token, Buffer.from(told).toString("base64url"), ...rest].join("~");
}
