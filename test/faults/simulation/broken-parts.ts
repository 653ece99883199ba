import { createAnchor } from "../../../server/anchor/anchor-loop.ts";
import { systemClock } from "../../../server/chain/clock.ts";
import { Outbox } from "../../../server/chain/outbox.ts";
import { createGateway } from "../../../server/gateway/gateway.ts";
import { Committer } from "../../../server/store/committer.ts";
import type { Database, Tx } from "../../../server/store/database.ts";
import { PRODUCT, type Makers } from "./simulate.ts";

/** A database that leaves out the statements that begin so, and says that they were done. */
function without(database: Database, begins: string): Database {
  const over = (tx: Tx): Tx => ({
    query: async (sql, values) => (sql.trim().startsWith(begins) ? [] : tx.query(sql, values)),
    script: (sql) => tx.script(sql),
  });
  const transaction: Database["transaction"] = (work, options) => database.transaction((tx) => work(over(tx)), options);
  return { ...database, ...over(database), transaction };
}

/** A database whose transactions are said to be over when their work is done: nobody waits for the commit. */
function hasty(database: Database): Database {
  const transaction: Database["transaction"] = (work, options) =>
    new Promise((resolve, reject) => {
      const working = async (tx: Tx): Promise<void> => resolve(await work(tx));
      database.transaction(working, options).catch(reject);
    });
  return { ...database, transaction };
}

/** What a mistake in the product could look like, each by the part that has it. */
export const BROKEN: Readonly<Record<string, Makers>> = {
  "a committer that acks before it has committed": {
    ...PRODUCT,
    committer: (parts) => new Committer({ ...parts, database: hasty(parts.database) }),
  },
  "a gateway that keeps nothing of what it holds": {
    ...PRODUCT,
    committer: (parts) => new Committer({ ...parts, database: without(parts.database, "insert into held") }),
  },
  "a gateway that never looks at what it holds": {
    ...PRODUCT,
    gateway: (parts) => {
      const { clock = systemClock } = parts;
      const still = { now: () => clock.now(), pause: (ms: number) => clock.pause(ms), after: () => () => undefined };
      return createGateway({ ...parts, clock: still });
    },
  },
  "an anchor loop that does not keep what it is about to anchor": {
    ...PRODUCT,
    anchor: (parts) => createAnchor({ ...parts, database: without(parts.database, "insert into batch") }),
  },
  "an outbox that sends nothing again": {
    ...PRODUCT,
    outbox: (parts) => {
      const outbox = new Outbox(parts);
      outbox.recover = async () => undefined;
      return outbox;
    },
  },
};
