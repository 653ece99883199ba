import type { Command } from "commander";
import type { AuditReport } from "../../../server/main/audit-directory.ts";
import { dataOption } from "../options.ts";
import { explainError, printJson } from "../print.ts";

/** The node's fault, not the directory's. */
const CHAIN_CODES: ReadonlySet<unknown> = new Set(["CHAIN_UNAVAILABLE", "CHAIN_ENDED", "CHAIN_BEHIND"]);

export function addAuditCommand(program: Command): void {
  program
    .command("audit")
    .description("re-derive everything stored against the chain, and name the first lie")
    .addOption(dataOption())
    .option("--acks <file>", "acks that devices kept (one ack@1 a line): what they promise must be there")
    .addHelpText(
      "after",
      `
While 'up' runs on the directory, it is asked to audit itself; otherwise the directory is opened here.
Exit: 0 nothing is wrong, 1 a lie was found, 2 the directory is unusable, 3 the chain is not reachable, or has
fewer blocks than were seen.`,
    )
    .action(async (options: { data: string; acks?: string; json?: boolean }) => {
      const { auditDirectory } = await import("../../../server/main/audit-directory.ts");
      let report: AuditReport;
      try {
        report = await auditDirectory(options.data, options.acks === undefined ? {} : { acks: options.acks });
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        console.error(explainError(error));
        process.exitCode = CHAIN_CODES.has(code) ? 3 : 2;
        return;
      }
      if (options.json) printJson(report);
      else printReport(report);
      process.exitCode = report.lies.length === 0 ? 0 : 1;
    });
}

function printReport(report: AuditReport): void {
  for (const { name, count } of report.checked) {
    if (!name.startsWith(FLAGGED)) console.log(`  ${String(count).padStart(9)}  ${name}${flaggedOf(name, report)}`);
  }
  const [first, ...others] = report.lies;
  if (first === undefined) {
    const gone = report.checked.some(({ name }) => name === TAKEN_BACK);
    const held = gone ? "the chain holds, or held when it was seen" : "the chain holds";
    console.log(`✔ nothing is wrong: everything stored follows from what the devices signed and ${held}.`);
    if (gone)
      console.log(
        "  For what it took back this database alone speaks: start 'up', which asks again, and audit once more.",
      );
    return;
  }
  console.log(`✖ the first lie: ${first.place}: ${first.what}`);
  for (const lie of others.slice(0, 20)) console.log(`  also: ${lie.place}: ${lie.what}`);
  if (others.length > 20) console.log(`  and ${others.length - 20} more (--json lists them all)`);
}

const TAKEN_BACK = "blocks that were taken back";
const FLAGGED = "readings flagged ";

/** Out-of-range values are accepted and flagged; late ones and odd clocks too. A reading may have several flags. */
function flaggedOf(name: string, { checked }: AuditReport): string {
  if (name !== "readings") return "";
  const flags = checked
    .filter((one) => one.name.startsWith(FLAGGED))
    .map((one) => ({ flag: one.name.slice(FLAGGED.length), count: one.count }));
  return flags
    .filter(({ flag }) => !flag.includes(", "))
    .map(({ flag, count }) => {
      const parts = flags.filter((one) => one.flag.startsWith(`${flag}, `));
      const said = parts.map((part) => `${part.flag.slice(flag.length + 2)} ${part.count}`).join(", ");
      return `, ${count} of them flagged ${flag}${said === "" ? "" : ` (${said})`}`;
    })
    .join("");
}
