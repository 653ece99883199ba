import { chmodSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { ERRORS, TwinwardError, type ErrorCode } from "../../protocol/errors.ts";

/** One question a line, one answer a line, both JSON. */
type Answerers = Readonly<Record<string, (asked: Record<string, unknown>) => Promise<unknown>>>;

const MOST_BYTES = 64 * 1024 * 1024;
/** Between two signs of life. */
const ANSWER_WITHIN_MS = 600_000;
const ALIVE_MS = 30_000;

/** Lets the owner of DATA ask the running server, through a socket that nobody else may open. */
export async function openControl(path: string, answerers: Answerers): Promise<{ close(): Promise<void> }> {
  rmSync(path, { force: true }); // we hold DATA's lock: a socket that is there belongs to nobody alive
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    void answerOne(socket, answerers).catch(() => socket.destroy());
  });
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function answerOne(socket: Socket, answerers: Answerers): Promise<void> {
  const asked = JSON.parse(await readLine(socket)) as Record<string, unknown>;
  const answerer = answerers[String(asked.ask)];
  // White space before the answer: whoever waits for a long one sees that it is still being made.
  const alive = setInterval(() => socket.write(" "), ALIVE_MS);
  try {
    if (answerer === undefined)
      throw new TwinwardError("MALFORMED_REQUEST", { detail: "The server knows no such question." });
    socket.end(`${JSON.stringify({ answer: await answerer(asked) })}\n`);
  } catch (error) {
    const { code, facts } = error instanceof TwinwardError ? error : { code: "INTERNAL", facts: {} };
    socket.end(`${JSON.stringify({ code, facts })}\n`);
  } finally {
    clearInterval(alive);
  }
}

/** Asks a running server. Undefined when none listens. Throws the server's error. */
export async function askControl<T>(path: string, asked: Record<string, unknown>): Promise<T | undefined> {
  const socket = createConnection(path);
  const connected = await new Promise<boolean>((resolve, reject) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(false);
      else reject(error);
    });
  });
  if (!connected) return undefined;
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error("The server did not answer.")));
  socket.write(`${JSON.stringify(asked)}\n`);
  const answered = JSON.parse(await readLine(socket)) as { answer?: T; code?: string; facts?: Record<string, unknown> };
  socket.destroy();
  if (answered.code !== undefined)
    throw new TwinwardError(answered.code in ERRORS ? (answered.code as ErrorCode) : "INTERNAL", answered.facts ?? {});
  return answered.answer;
}

async function readLine(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8");
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
    if (text.length > MOST_BYTES) break;
  }
  throw new TwinwardError("SERVER_UNREACHABLE", { detail: "The connection ended before the line did." });
}
