import type { Server } from "./journey.ts";

/** What a gateway says of readings that are posted to it by hand. */
export interface Posted {
  readonly status: number;
  readonly body: { readonly results?: readonly object[]; readonly code?: string };
}

/** Posts texts as they are, without the SDK, which would refuse some. */
export async function postTexts({ http }: Pick<Server, "http">, ...readings: string[]): Promise<Posted> {
  const answer = await fetch(new URL("/v1/readings", http), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ readings }),
  });
  return { status: answer.status, body: (await answer.json()) as Posted["body"] };
}

/** What a server says of itself: why its anchors rest, or "ready". */
export async function anchorReady({ http }: Pick<Server, "http">): Promise<string | undefined> {
  const ready = (await (await fetch(new URL("/readyz", http))).json()) as { parts: Readonly<Record<string, string>> };
  return ready.parts.anchor;
}
