/** The `error` member of a JSON-RPC answer, wherever ethers put it; undefined when the node did not answer. */
function answerOf(error: unknown): { message: string; data?: unknown } | undefined {
  const { error: answer, info } = error as { error?: unknown; info?: { error?: unknown } };
  const found = (answer ?? info?.error) as { message?: unknown; data?: unknown } | undefined;
  return typeof found?.message === "string" ? { message: found.message, data: found.data } : undefined;
}

/** What the node said when it refused; undefined when it did not answer at all. */
export function refusalOf(error: unknown): string | undefined {
  return answerOf(error)?.message;
}

/** anvil, geth: "already imported", "already known"; Besu: "Known transaction". */
export function isKnownAlready(said: string): boolean {
  return /\balready\b|\bknown transaction\b/i.test(said);
}

/** Refused for now, not for good: the same bytes may be taken in a moment, or were taken before. */
export function isTemporary(said: string): boolean {
  return /limit exceeded|rate limit|too many|pool is full|syncing|overloaded|try again/i.test(said);
}

/** It pays less than the chain asks for by now, or than another under its nonce: it waits, and may be signed again, dearer. */
export function isTooCheap(said: string): boolean {
  return /underpriced|less than block base fee|below (current base fee|configured minimum)/i.test(said);
}

/** The data of a revert, `0x` where the node refused without any; undefined when it did not answer. */
export function revertBytes(error: unknown): string | undefined {
  const direct = (error as { data?: unknown }).data;
  if (typeof direct === "string") return direct;
  const answer = answerOf(error);
  if (answer === undefined) return undefined;
  return typeof answer.data === "string" ? answer.data : "0x";
}
