import { resolve } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { TwinwardError } from "../../protocol/errors.ts";
import { readConfig } from "../config/config.ts";
import { audit, type AuditReport } from "./audit/audit.ts";
import { askControl } from "./control.ts";
import { layoutOf, type DataDirectory } from "./data-directory.ts";
import { observeWorld } from "./observe-world.ts";
import { openStopped } from "./open-directory.ts";

export type { AuditReport } from "./audit/audit.ts";

/**
 * Audits a data directory: a server that runs on it is asked to do it itself; otherwise its lock is taken and its chain
 * started. `acks` names a file of acks that devices kept.
 */
export async function auditDirectory(directory: string, options: { acks?: string } = {}): Promise<AuditReport> {
  const data = layoutOf(resolve(directory));
  const acks = options.acks === undefined ? undefined : readAcks(options.acks);
  return (await askServer(data, acks)) ?? auditStopped(data, acks);
}

async function askServer(data: DataDirectory, acks: string | undefined): Promise<AuditReport | undefined> {
  if (!existsSync(data.control)) return undefined;
  return askControl<AuditReport>(data.control, { ask: "audit", ...(acks === undefined ? {} : { acks }) });
}

async function auditStopped(data: DataDirectory, acks: string | undefined): Promise<AuditReport> {
  const { databaseUrl, rpcUrl } = readConfig(process.env, { data: data.root });
  const opened = await openStopped(data.root, { databaseUrl, rpcUrl });
  try {
    const { consortium, keys, database, chain } = opened;
    return await database.transaction(async (tx) =>
      audit(await observeWorld({ provider: chain.provider, consortium, keys, tx }), acks),
    );
  } finally {
    await opened.close();
  }
}

function readAcks(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} cannot be read.` }, cause);
  }
}
