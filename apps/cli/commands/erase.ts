import { createInterface } from "node:readline/promises";
import { InvalidArgumentError, type Command } from "commander";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import type { Asked, Erasable, ErasureReport } from "../../../server/main/erase/erase-directory.ts";
import { dataOption, takeId } from "../options.ts";
import { printJson, printTable, shortId, timeOf } from "../print.ts";

interface Options {
  readonly data: string;
  readonly months?: readonly string[];
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addEraseCommand(program: Command): void {
  program
    .command("erase")
    .argument(
      "[assignment]",
      "whose readings: an assignment's id, or a device's for what it said between assignments",
      takeId,
    )
    .description("destroy the keys under which readings are sealed, here, in the mirror and so in every backup")
    .option("--months <list>", "months in which the readings begin, like 2026-10,2026-11", takeMonths)
    .option("--all", "every month that there is, up to now")
    .option("--yes", "do not ask; for scripts")
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Without an assignment: lists what can be erased, the assignments of every device and the months that have a key.

What is sealed of these readings opens nowhere any more: not in the database, not in its log, not in a backup, whenever that
was taken. Their keys are destroyed in the key store and in its mirror (KEYS_MIRROR must name it), what is left is wrapped
under a new master key, and that is recorded as a leaf. It cannot be undone, and nobody can help.

What stays: that the device said something, when, and that nobody changed it; every receipt that was handed out; every proof of
other readings; who read what. Copies of the keys that you keep elsewhere open it still: destroy them too. Readers keep what
they were shown; who had read is listed here, for the subject. docs/erasure.md says all of it.

While 'up' runs on the directory, it is asked to erase itself; otherwise the directory is opened here, and the record is
anchored when 'up' runs again. Readings that come in afterwards get a new key, also in the same month.
Exit: 0 erased, 1 failed (begun: the next start finishes it), 2 nothing of that name, or nobody to ask for a yes.

  $ npx twinward erase                                              what there is
  $ npx twinward erase 0x5b…c1 --months 2026-10                     one month, after a question
  $ npx twinward erase 0x5b…c1 --all --yes --json                   all of it, in a script`,
    )
    .action(async (scope: Hex | undefined, options: Options) => {
      const { eraseDirectory, listErasable } = await import("../../../server/main/erase/erase-directory.ts");
      if (scope === undefined) return printErasable(await listErasable(options.data), options);
      const asked = askedOf(scope, options);
      if (options.yes !== true && !(await confirmed(asked, options))) return;
      const report = await eraseDirectory(options.data, asked).catch(endWith);
      if (options.json) printJson(report);
      else printReport(report);
    });
}

function takeMonths(text: string): string[] {
  const months = text.split(",").map((month) => month.trim());
  if (!months.every((month) => /^\d{4}-(?:0[1-9]|1[0-2])$/.test(month)))
    throw new InvalidArgumentError("Months are like 2026-10,2026-11.");
  return months;
}

function askedOf(scope: Hex, { months, all }: Options): Asked {
  if ((months === undefined) === (all !== true))
    throw new TwinwardError("UNUSABLE_INPUT", { detail: "Say which months: --months 2026-10,2026-11, or --all." });
  return months === undefined ? { scope } : { scope, months };
}

/** Shows what would be destroyed and asks for the beginning of the id: nobody types that by mistake. */
async function confirmed(asked: Asked, options: Options): Promise<boolean> {
  if (!process.stdin.isTTY || options.json)
    throw new TwinwardError("UNUSABLE_INPUT", { detail: "Nobody is there to be asked: add --yes." });
  const { planDirectory } = await import("../../../server/main/erase/erase-directory.ts");
  const { device, scope, months } = await planDirectory(options.data, asked).catch(endWith);
  const word = scope.slice(2, 8);
  console.log(`Device      ${device}\nAssignment  ${scope === device ? "none: between assignments" : scope}`);
  console.log(
    `Months      ${months.join(", ")}\nEverything that was measured in them will be unreadable for good, in every backup too.`,
  );
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const said = await asking.question(`Type ${word} to erase it: `).finally(() => asking.close());
  if (said.trim() === word) return true;
  console.log("Nothing was erased.");
  process.exitCode = 1;
  return false;
}

function endWith(error: unknown): never {
  if (error instanceof TwinwardError && error.code === "NOTHING_TO_ERASE") process.exitCode = 2;
  throw error;
}

function printErasable(found: readonly Erasable[], { json }: Options): void {
  if (json) return printJson(found);
  if (found.length === 0) return console.log("Nothing is stored that could be erased.");
  const rows = found.map(({ device, scope, from, end, months }) => {
    const stretch = from === null ? "between assignments" : `${from}…${end ?? "now"}`;
    return [scope, shortId(device), stretch, months.join(" ")];
  });
  printTable(["assignment", "device", "sequences", "months"], rows);
}

function printReport({ scope, months, leaf, held, evidence, findings, readers }: ErasureReport): void {
  console.log(`✔ erased: ${scope}, ${months.join(", ")}`);
  console.log(`  recorded as leaf ${leaf}`);
  const removed = [
    [held, "held readings"],
    [evidence, "refused readings"],
    [findings, "findings"],
  ].flatMap(([count, name]) => (count === 0 ? [] : [`${count} ${name}`]));
  if (removed.length > 0) console.log(`  went with it: ${removed.join(", ")}`);
  if (readers.length === 0) return console.log("  Nobody had read of it.");
  console.log("  Who had been permitted to read of it, and keeps what they were shown:");
  const rows = readers.map(({ reader, security, purpose, decisions, first, last, from, until }) => [
    security ? `${reader} (security twin)` : reader,
    purpose,
    String(decisions),
    `${timeOf(first)} – ${timeOf(last)}`,
    `${from === null ? "the beginning" : timeOf(from)} – ${until === null ? "no end" : timeOf(until)}`,
  ]);
  printTable(["reader", "purpose", "times", "when", "asked for"], rows);
}
