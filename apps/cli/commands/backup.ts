import type { Command } from "commander";
import type { RestoreReport } from "../../../server/main/backup/restore-directory.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { dataOption } from "../options.ts";
import { explainError, printJson } from "../print.ts";

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

export function addBackupCommand(program: Command): void {
  program
    .command("backup")
    .argument("<file>", "the file to make; it must not be there yet")
    .description("copy the database into one file, while everything goes on")
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
While 'up' runs on the directory, it is asked to make the copy itself and goes on taking readings; otherwise the directory
is opened here. The file is whole: it is read again from its first byte to its last before this says that it is done.

Not in it, on purpose, and needed to restore: the data keys (keep DATA/keys/data-keys.json and master.key elsewhere, or let
KEYS_MIRROR do it), the signing keys (DATA/keys/*.key), and the embedded chain (DATA/chain). What was measured is sealed in
it; who read what, when and for which purpose is not. docs/backup.md says what to keep where.
Exit: 0 done, 1 failed, 2 a file or directory that cannot be used.

  $ npx twinward backup /mnt/backups/2026-11-21.jsonl.gz`,
    )
    .action(async (file: string, options: Options) => {
      const { backupDirectory } = await import("../../../server/main/backup/backup-directory.ts");
      const report = await backupDirectory(options.data, file).catch(endWith);
      if (report === undefined) return;
      if (options.json) return printJson(report);
      const { rows, leaves, batches, bytes, made } = report;
      console.log(`✔ ${report.file}  (${bytes} bytes, as of ${made})`);
      console.log(`  ${leaves} leaves, ${rows.reading ?? 0} of them readings, ${batches} batches`);
      console.log("  Not in it: data keys, signing keys and the embedded chain. Keep those elsewhere: docs/backup.md.");
    });
}

export function addRestoreCommand(program: Command): void {
  program
    .command("restore")
    .argument("<file>", "a file that 'backup' made")
    .description("put a backup's database in place, and say what the chain has besides")
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Stop 'up' first. The backup is read to its end before anything is changed. A database that is there is kept, under another
name. One key store is needed, DATA's own or the one at KEYS_MIRROR, and the chain: DATA/chain, or RPC_URL.

Where the chain is ahead of the backup, the missing batches and leaves are named, and 'up' will refuse: whatever it read,
took or anchored would stand at positions that the chain has for other leaves. Restore a newer backup.
Exit: 0 restored and nothing that was anchored is missing, 1 restored and something is, or it failed, 2 a file or directory
that cannot be used, 3 the chain is not reachable.

  $ npx twinward restore /mnt/backups/2026-11-21.jsonl.gz && npx twinward audit`,
    )
    .action(async (file: string, options: Options) => {
      const { restoreDirectory } = await import("../../../server/main/backup/restore-directory.ts");
      const report = await restoreDirectory(options.data, file).catch(endWith);
      if (report === undefined) return;
      if (options.json) printJson(report);
      else printRestored(report);
      process.exitCode = report.missing === null ? 0 : 1;
    });
}

const UNUSABLE = new Set(["DATA_UNUSABLE", "DATABASE_UNUSABLE", "CHAIN_DIFFERS", "KEY_MISSING", "KEY_FILE_UNUSABLE"]);

function endWith(error: unknown): undefined {
  const code = error instanceof TwinwardError ? error.code : "";
  const unreachable = code === "CHAIN_UNAVAILABLE" || code === "CHAIN_ENDED";
  process.exitCode = unreachable ? 3 : UNUSABLE.has(code) || code.startsWith("UNUSABLE") ? 2 : 1;
  if (process.argv.includes("--json") && error instanceof TwinwardError)
    printJson({ error: error.code, ...error.facts });
  else console.error(explainError(error));
}

function printRestored({ leaves, rows, batches, made, replaced, missing, missingKeys, data }: RestoreReport): void {
  console.log(`✔ restored into ${data}, as of ${made}`);
  console.log(`  ${leaves} leaves, ${rows.reading ?? 0} of them readings, ${batches} batches`);
  if (replaced !== null) console.log(`  the database that was there: ${replaced}`);
  if (missingKeys.length > 0)
    console.log(`✖ signing keys that are not in ${data}/keys: ${missingKeys.join(", ")}. Put them back before 'up'.`);
  if (missing === null) {
    console.log("✔ everything that the chain has anchored is here");
    console.log(
      "  Acked after the backup and not anchored: audit --acks FILE names it, where devices kept their acks.",
    );
    return;
  }
  const { batches: lost, leaves: gone } = missing;
  console.log(
    `✖ the chain is ahead: batches ${lost.first}…${lost.last}, and leaves ${gone.first}…${gone.last} are missing`,
  );
  console.log("  'up' refuses to run on it. Restore a newer backup; where there is none: docs/backup.md.");
}
