import { join, resolve } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { TwinwardError } from "../../protocol/errors.ts";
import { audit, type AuditReport } from "./audit/audit.ts";
import { auditJournal } from "./audit/journal.ts";
import { Lies } from "./audit/lies.ts";
import type { AuditWorld } from "./audit/world.ts";
import { askControl } from "./control.ts";
import { layoutOf, type DataDirectory } from "./data-directory.ts";
import { observeWorld } from "./observe-world.ts";
import { auditSeen } from "./seen-world.ts";
import { openStopped, type OpenedDirectory } from "./open-directory.ts";
import { readSettings } from "./settings.ts";

export type { AuditReport } from "./audit/audit.ts";

const TRIES = 5;

/**
 * Audits a data directory: a server that runs on it is asked to do it itself; otherwise its lock is taken and its chain
 * started. `acks` names a file of acks that devices kept.
 */
export async function auditDirectory(directory: string, options: { acks?: string } = {}): Promise<AuditReport> {
  const data = layoutOf(resolve(directory));
  const acks = options.acks === undefined ? undefined : readAcks(options.acks);
  const answered = await askServer(data, acks);
  return answered === undefined ? auditStopped(data, acks) : joined(answered, await readJournal(data));
}

async function askServer(data: DataDirectory, acks: string | undefined): Promise<AuditReport | undefined> {
  if (!existsSync(data.control)) return undefined;
  return askControl<AuditReport>(data.control, { ask: "audit", ...(acks === undefined ? {} : { acks }) });
}

async function auditStopped(data: DataDirectory, acks: string | undefined): Promise<AuditReport> {
  const { databaseUrl, rpcUrl } = readSettings(process.env, { data: data.root });
  let opened: OpenedDirectory;
  try {
    opened = await openStopped(data.root, { databaseUrl, rpcUrl });
  } catch (error) {
    // A key store that was changed is a lie of its own; what is sealed under it cannot be looked at.
    if (!(error instanceof TwinwardError) || error.code !== "KEY_FILE_UNUSABLE") throw error;
    return { checked: [], lies: [{ place: "key store", what: error.message }] };
  }
  try {
    const { consortium, keys, database, chain } = opened;
    // The embedded chain never goes back: what it has not, it never had.
    const mayGoBack = chain.embedded === undefined;
    for (let tried = 1; ; tried++) {
      const [report, stood] = await database.transaction(async (tx) => {
        const world = await observeWorld({ provider: chain.provider, consortium, keys, tx, mayGoBack });
        const found = mayGoBack ? await auditSeen(world, consortium, acks) : await audit(world, acks);
        const { head } = world.view;
        const isStanding = !mayGoBack || (await world.block(head.number))?.hash === head.hash;
        return [joined(found, await readJournal(data, (number) => world.block(number))), isStanding] as const;
      });
      // What was asked before and after a reorganisation does not fit together.
      if (stood) return report;
      if (tried === TRIES)
        throw new TwinwardError("CHAIN_UNAVAILABLE", { detail: "The chain goes back and back while it is asked." });
    }
  } finally {
    await opened.close();
  }
}

/** The embedded chain's file, where there is one; its blocks are held against the node where `block` asks it. */
async function readJournal(data: DataDirectory, block?: AuditWorld["block"]): Promise<AuditReport> {
  const lies = new Lies();
  const file = join(data.chain, "journal");
  if (existsSync(file)) await auditJournal(file, lies, block);
  return lies.report();
}

const joined = (one: AuditReport, other: AuditReport): AuditReport => ({
  checked: [...one.checked, ...other.checked],
  lies: [...one.lies, ...other.lies],
});

function readAcks(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} cannot be read.` }, cause);
  }
}
