// An audit of a changed database that leaves it as it was: the change and the audit are one transaction, rolled back.
import { audit, type AuditReport } from "../../../server/main/audit/audit.ts";
import type { AuditWorld } from "../../../server/main/audit/world.ts";
import { observeWorld } from "../../../server/main/observe-world.ts";
import { openStopped, type OpenedDirectory } from "../../../server/main/open-directory.ts";
import type { Tx } from "../../../server/store/database.ts";
import { copyOfWorld } from "./audit-world.ts";

class RolledBack extends Error {}

export interface Audited {
  readonly opened: OpenedDirectory;
  /** The chain's last block as the audits see it. */
  readonly head: number;
  /** The report on the database as `change` leaves it; undefined where `change` gives false. */
  after(change: (tx: Tx) => Promise<boolean | void>, acks?: string): Promise<AuditReport | undefined>;
  close(): Promise<void>;
}

/** Opens a copy of the audited world, after `happen` to it. The chain stands still, so it is asked once for all audits. */
export async function openAudited(happen: (data: string) => Promise<void> = async () => undefined): Promise<Audited> {
  const copy = await copyOfWorld();
  await happen(copy.data);
  const opened = await openStopped(copy.data, { databaseUrl: undefined, rpcUrl: undefined });
  const { database, chain, consortium, keys } = opened;
  const asked = new Map<number, ReturnType<AuditWorld["block"]>>();
  const observed = await database.transaction((tx) => observeWorld({ provider: chain.provider, consortium, keys, tx }));
  const block: AuditWorld["block"] = (number) => {
    const known = asked.get(number) ?? observed.block(number);
    asked.set(number, known);
    return known;
  };
  return {
    opened,
    head: observed.view.head.number,
    after: async (change, acks) => {
      let report: AuditReport | undefined;
      await database
        .transaction(async (tx) => {
          if ((await change(tx)) !== false) report = await audit({ ...observed, tx, block }, acks);
          throw new RolledBack();
        })
        .catch((error: unknown) => {
          if (!(error instanceof RolledBack)) throw error;
        });
      return report;
    },
    close: async () => {
      await opened.close();
      copy.remove();
    },
  };
}
