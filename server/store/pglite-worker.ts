// The embedded PostgreSQL's own thread: it opens the directory, and then answers messages of PostgreSQL's protocol one by one.
import { PGlite } from "@electric-sql/pglite";
import { parentPort, workerData } from "node:worker_threads";
import { DurableFiles, durableParameters } from "./durable-files.ts";
import { errorIn, isTheEnd, SYNC } from "./pglite-messages.ts";

/** What the thread begins with: a data directory, and PGlite's compiled program. */
export interface Begin {
  readonly directory: string;
  readonly program: WebAssembly.Module;
}

/** What it is told: messages, and whether the answer must end in their commit; or nothing, to close. */
export type Asked = { readonly messages: Uint8Array; readonly sync: boolean } | undefined;

/**
 * Nobody counts rows here, as a server's autovacuum does: the planner would guess, sort a device's whole past for one page, and
 * keep for good what it chose while a table was small. Ours are short questions that an index answers, so that is what it gets.
 */
const BY_INDEX = ["hashjoin", "mergejoin", "bitmapscan", "seqscan"].flatMap((way) => ["-c", `enable_${way}=off`]);

const port = parentPort;
if (port === null) throw new Error("This is the file of a thread.");
const { directory, program } = workerData as Begin;
const postgres = new PGlite({
  fs: new DurableFiles(directory),
  pgliteWasmModule: program,
  startParams: [...durableParameters(PGlite.defaultStartParams), ...BY_INDEX],
});
await postgres.waitReady;
port.on("message", (asked: Asked) => void (asked ? answer(asked.messages, asked.sync) : close()));
// The first answer: it is open.
port.postMessage(new ArrayBuffer(0));

/** Where PGlite throws, what is left of it cannot be trusted: the thread ends with it, and the next start recovers. */
async function answer(messages: Uint8Array, sync: boolean): Promise<void> {
  const chunks: Uint8Array[] = [];
  await exchange(messages, chunks);
  // In a call of its own: nobody may ask on where the first has ended in a panic.
  if (sync && !hasEnded(chunks)) await exchange(SYNC, chunks);
  const bytes = joined(chunks);
  port?.postMessage(bytes, [bytes]);
}

async function exchange(messages: Uint8Array, chunks: Uint8Array[]): Promise<void> {
  // What comes is in PGlite's own memory, and good until it goes on.
  const onRawData = (chunk: Uint8Array): void => void chunks.push(chunk.slice());
  await postgres.execProtocolRawStream(messages, { syncToFs: false, onRawData });
}

function hasEnded(chunks: readonly Uint8Array[]): boolean {
  const error = errorIn(Buffer.concat(chunks));
  return error !== undefined && isTheEnd(error);
}

function joined(chunks: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole.buffer;
}

async function close(): Promise<void> {
  await postgres.close();
  port?.close();
}
