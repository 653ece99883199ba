// The machine's limit: bare ES256 verifications on every core at once, of what a device signs, with the key at hand.
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { answerQuestions } from "./talk.ts";

/** Bytes of a signing input of 8 segments. */
const SIZE = 950;
const SIGNED = 64;

/** What a round measured: verifications per second of the clock, and per second of CPU. */
export interface BareRate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

function verifyFor(ms: number): number {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const messages = Array.from({ length: SIGNED }, (_, i) => Buffer.alloc(SIZE, i));
  const signed = messages.map((message) => ({
    message,
    signature: sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  }));
  const key = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  let count = 0;
  for (const until = performance.now() + ms; performance.now() < until;)
    for (const { message, signature } of signed) {
      if (!verify("sha256", message, key, signature)) throw new Error("a signature does not verify");
      count++;
    }
  return count;
}

if (isMainThread) {
  const threads = Array.from({ length: availableParallelism() }, () => new Worker(new URL(import.meta.url)));
  answerQuestions(async (ms: number): Promise<BareRate> => {
    const [began, used] = [performance.now(), process.cpuUsage()];
    const counts = threads.map(
      (thread) => new Promise<number>((resolve) => thread.once("message", resolve).postMessage(ms)),
    );
    const count = (await Promise.all(counts)).reduce((sum, each) => sum + each, 0);
    const { user, system } = process.cpuUsage(used);
    return {
      perSecond: (1000 * count) / (performance.now() - began),
      perCpuSecond: (1_000_000 * count) / (user + system),
    };
  });
} else parentPort?.on("message", (ms: number) => parentPort?.postMessage(verifyFor(ms)));
