/** Names of this machine that nobody else reaches it by. */
export const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "[::1]", "localhost"]);
