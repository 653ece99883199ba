import { utf8 } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { consortiumNow } from "../chain/consortium-now.ts";
import type { Chain, ChainView } from "../chain/view.ts";
import { writeDurably } from "../store/write-durably.ts";
import type { DataDirectory } from "./data-directory.ts";

export interface KeptConsortium {
  /** As the chain tells it now. */
  now(): Consortium;
  close(): Promise<void>;
}

/**
 * Keeps consortium.json what the chain says of the members: written anew after every change of theirs, and after one that came
 * while nobody looked. A kill in between leaves the former file, and the next start writes it.
 */
export function keepConsortium(parts: {
  readonly data: DataDirectory;
  readonly chain: Chain;
  readonly consortium: Consortium;
  readonly report: (error: unknown) => void;
}): KeptConsortium {
  const { data, chain, consortium, report } = parts;
  const textOf = (one: Consortium): string => `${JSON.stringify(one, null, 2)}\n`;
  let written = textOf(consortium);
  let writing: Promise<void> = Promise.resolve();
  let changes = -1;
  const keep = (view: ChainView): void => {
    // A reorganisation may take a change back, so what counts is whether it is another number, not a higher one.
    if (view.memberChanges === changes) return;
    changes = view.memberChanges;
    const text = textOf(consortiumNow(consortium, view));
    if (text === written) return;
    written = text;
    writing = writing.then(() => writeDurably(data.consortium, utf8(text))).catch(report);
  };
  const unsubscribe = chain.onChange(keep);
  keep(chain.view());
  return {
    now: () => consortiumNow(consortium, chain.view()),
    async close() {
      unsubscribe();
      await writing;
    },
  };
}
