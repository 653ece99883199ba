import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import { anchorsOf, newest } from "../../../protocol/line.ts";
import { meetChain } from "../../anchor/meet-chain.ts";
import { followChain } from "../../chain/follow.ts";
import { Committer } from "../../store/committer.ts";
import { claimStream } from "../../store/stream-row.ts";
import { askControl } from "../control.ts";
import { layoutOf, type DataDirectory } from "../data-directory.ts";
import { promisesOf } from "../gateway-signer.ts";
import { lineOfWritten, writtenStream } from "../open-line.ts";
import { openStopped, type OpenedDirectory } from "../open-directory.ts";
import { readSettings } from "../settings.ts";
import { startResealer } from "../reseal/resealer.ts";
import { createErasure, type Erasable, type Erasure, type ErasureReport } from "./erasure.ts";
import type { Asked, Plan } from "./plan.ts";

export type { Erasable, ErasureReport } from "./erasure.ts";
export type { Asked, Plan } from "./plan.ts";

/** Nobody waits for the ack of what is recorded while no server runs; it is anchored when the next one does. */
const ANCHOR_WITHIN_SECONDS = 10 * 365 * 86_400;

/** What of DATA can be erased. */
export const listErasable = (directory: string): Promise<Erasable[]> =>
  askOrOpen(directory, { ask: "erasable" }, (erasure) => erasure.list());

/** What `eraseDirectory` would destroy; changes nothing. Throws NOTHING_TO_ERASE. */
export const planDirectory = (directory: string, asked: Asked): Promise<Plan> =>
  askOrOpen(directory, { ask: "plan erasure", ...asked }, (erasure) => erasure.plan(asked));

/**
 * Erases: a server that runs on DATA is asked to do it itself; otherwise its lock is taken, and what is recorded is anchored when
 * it runs again. Throws NOTHING_TO_ERASE, ERASURE_UNFINISHED, KEYS_UNWRITABLE where the store's mirror is not named by KEYS_MIRROR,
 * and what opening throws.
 */
export const eraseDirectory = (directory: string, asked: Asked): Promise<ErasureReport> =>
  askOrOpen(directory, { ask: "erase", ...asked }, (erasure) => erasure.erase(asked));

async function askOrOpen<T>(
  directory: string,
  question: Readonly<Record<string, unknown>>,
  act: (erasure: Erasure) => Promise<T>,
): Promise<T> {
  const data = layoutOf(resolve(directory));
  if (existsSync(data.control)) {
    const answered = await askControl<T>(data.control, question);
    if (answered !== undefined) return answered;
  }
  const settings = readSettings(process.env, { data: data.root });
  const opened = await openStopped(data.root, { ...settings, work: "erase" });
  try {
    return await onStopped(data, opened, settings.production, act);
  } finally {
    await opened.close();
  }
}

async function onStopped<T>(
  data: DataDirectory,
  { consortium, chain: chainAt, database, keys }: OpenedDirectory,
  production: boolean,
  act: (erasure: Erasure) => Promise<T>,
): Promise<T> {
  const written = await writtenStream(database, consortium);
  const claim = await claimStream(database, written);
  const chain = await followChain({ provider: chainAt.provider, consortium });
  try {
    const line = lineOfWritten(chain.view(), consortium, written);
    const { stream } = newest(line);
    // A database that is behind the chain would record it where the chain has another leaf.
    await meetChain(database, anchorsOf(line, chain.view()));
    const { chainId, contracts } = consortium;
    const plan = { data, consortium, production, now: Date.now, anchorWithinSeconds: ANCHOR_WITHIN_SECONDS };
    const promise = promisesOf(plan)(chain);
    const committer = new Committer({ ...promise, database, chainId, anchorLog: contracts.AnchorLog, stream, line });
    const { erasing: intent } = data;
    const random = (size: number): Uint8Array => randomBytes(size);
    const resealer = startResealer({ database, keys, chain, stream, report: () => undefined });
    // What it cannot do for others is tried again by the next start; what this erasure needs of it is asked for, and thrown.
    const reseal = (device: Hex): Promise<void> => resealer.settle(device);
    try {
      return await act(
        createErasure({ database, committer, keys, chain, stream, reseal, intent, now: Date.now, random }),
      );
    } finally {
      await resealer.close();
      await committer.close();
    }
  } finally {
    await chain.close();
    await claim.release();
  }
}
