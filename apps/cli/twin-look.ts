import { Option, type Command } from "commander";
import type { Hex } from "../../protocol/bytes.ts";
import type { DecisionRecord, LeafRecord } from "../../protocol/record.ts";
import type { ReaderPage, RecordKind } from "../sdk/answers.ts";
import { takeCount, takeId, urlOption } from "./options.ts";
import { printJson, printTable, shortId, timeOf } from "./print.ts";
import { openClient } from "./server.ts";

interface LookOptions {
  readonly key: string;
  readonly last: number;
  readonly url: string;
  readonly json?: boolean;
}

/** `twin readers` and `twin decisions`: who may see a twin, and who has looked. */
export function addLookCommands(twin: Command): void {
  twin
    .command("readers")
    .description("who can see a twin, and why: all for its steward, subject and guardian, your own for a reader")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--key <file>", "your key")
    .addOption(urlOption())
    .action(async (id: Hex, { key, url, json }: LookOptions) => {
      const client = openClient(url, key);
      const readers = [];
      for (let after: number | null = 0; after !== null;) {
        const page = await client.readers(id, { after });
        readers.push(...page.readers);
        after = page.next;
      }
      if (json) return printJson({ twin: id, readers });
      const rows = readers.map((one) => [
        one.reader,
        byWhat(one),
        one.parent === null ? "" : shortId(one.parent),
        one.until === null ? "" : timeOf(1000 * one.until),
        one.purposes
          .map(({ purpose, reason }) => (reason === "Permitted" ? purpose : `${purpose}: ${reason}`))
          .join(", "),
      ]);
      printTable(["reader", "by grant", "passed on from", "until (UTC)", "may now"], rows);
    });
  twin
    .command("decisions")
    .description("who asked to see a twin and what they were told, newest first; each has a receipt by its leaf")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--key <file>", "your key")
    .option("--last <count>", "how many", takeCount, 20)
    .addOption(urlOption())
    .action(async (id: Hex, { key, url, last, json }: LookOptions) => {
      const client = openClient(url, key);
      const decisions = [];
      for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null && decisions.length < last;) {
        const page = await client.decisions(id, { before });
        decisions.push(...page.decisions);
        before = page.next;
      }
      const shown = decisions.slice(0, last);
      if (json) return printJson({ twin: id, decisions: shown });
      const rows = shown.map(({ leaf, record }) => [
        timeOf(record.at),
        record.reader,
        record.purpose,
        toldOf(record),
        leaf,
      ]);
      printTable(["at (UTC)", "reader", "purpose", "told", "leaf"], rows);
    });
  twin
    .command("records")
    .description("what was recorded of a twin, newest first: consents, exports, releases, erasures or decisions")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--key <file>", "your key")
    .addOption(new Option("--kind <kind>", "which").choices(KINDS).makeOptionMandatory())
    .option("--last <count>", "how many", takeCount, 20)
    .addOption(urlOption())
    .action(async (id: Hex, { key, url, last, kind, json }: LookOptions & { readonly kind: RecordKind }) => {
      const client = openClient(url, key);
      const found = [];
      for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null && found.length < last;) {
        const page = await client.records(id, kind, { before });
        found.push(...page.records);
        before = page.next;
      }
      const shown = found.slice(0, last);
      if (json) return printJson({ twin: id, kind, records: shown });
      const rows = shown.map(({ leaf, record }) => [timeOf(record.at), summaryOf(record), leaf]);
      printTable(["at (UTC)", kind, "leaf"], rows);
    });
}

const KINDS = ["decision", "consent", "release", "export", "erasure"] as const;

/** A grant, or what lets somebody read without one. */
function byWhat({ grant, opening }: ReaderPage["readers"][number]): string {
  if (grant !== null) return shortId(grant);
  return opening === undefined ? "oracle" : `opening ${shortId(opening)}`;
}

/** A record's own members, in a line; docs/formats/records.md says what they mean. */
function summaryOf({ format: _format, stream: _stream, at: _at, salt: _salt, ...own }: LeafRecord): string {
  const words = Object.entries(own)
    .filter(([, value]) => typeof value !== "object" || Array.isArray(value))
    .map(([name, value]) => `${name} ${shortId(String(value))}`);
  return words.join(", ");
}

function toldOf({ reason, closes, lease, notSeenSince }: DecisionRecord): string {
  if (closes) return closes.sequences ? `was sent ${closes.sequences.join("…")}` : "was sent nothing";
  const live = lease === undefined ? "" : `, live for ${lease} s`;
  const unseen = notSeenSince === undefined ? "" : `, chain not seen since ${timeOf(1000 * notSeenSince)}`;
  return `${reason}${live}${unseen}`;
}
