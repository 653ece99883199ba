import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwinwardError } from "../../protocol/errors.ts";

/** How long a process that is ending may still hold the directory, ms. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 100;

/**
 * Takes an oracle's directory for this process: two with one state file could contradict each other. On Linux the holder is
 * the owner of an abstract socket, which the kernel frees when the process dies, however it dies. Throws DATA_LOCKED.
 */
export async function holdDirectory(directory: string): Promise<{ release(): void }> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const name = createHash("sha256").update(realpathSync(directory)).digest("hex").slice(0, 40);
  const path = process.platform === "linux" ? `\0twinward-oracle-${name}` : join(tmpdir(), `twinward-oracle-${name}`);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const held = await listen(path);
    if (held) return { release: () => void held.close() };
    if (Date.now() > deadline)
      throw new TwinwardError("DATA_LOCKED", { directory, detail: `Another oracle works in ${directory}.` });
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

const listen = (path: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    // It must not keep the process alive: it is held while there is one.
    server.listen({ path }, () => resolve(server.unref()));
  });
