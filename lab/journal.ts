/** What a monitor must remember over a power cut: where its sequence stands, and the signed readings not yet acked. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "../protocol/bytes.ts";

export interface StoredReading {
  sequence: number;
  content: Hex;
  text: string;
}

export interface JournalState {
  /** Next sequence to sign, how many directly before it are lost, and the content that `prev` must be. */
  next: number;
  gap: number;
  prev: Hex;
  /** Content of the newest acked reading: what `prev` is when everything unacked is lost. */
  acked: { sequence: number; content: Hex } | undefined;
  /** Signed, stored and not yet acked; oldest first. */
  waiting: StoredReading[];
}

export interface Journal {
  load(): JournalState | undefined;
  store(state: JournalState): void;
}

/** A journal in `directory`/<device>.json; without a directory, in memory only. */
export function openJournal(device: Hex, directory?: string): Journal {
  if (directory === undefined) return { load: () => undefined, store: () => undefined };
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${device}.json`);
  return {
    load() {
      try {
        return JSON.parse(readFileSync(path, "utf8")) as JournalState;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    store(state) {
      const fresh = `${path}.new`;
      const file = openSync(fresh, "w", 0o600);
      writeSync(file, JSON.stringify(state));
      fsyncSync(file);
      closeSync(file);
      // Here the old state still counts; after the rename the new one does. Dying between them loses nothing that was sent.
      renameSync(fresh, path);
    },
  };
}
