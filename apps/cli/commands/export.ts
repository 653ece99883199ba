import type { Command } from "commander";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { EndLine } from "../../../protocol/export.ts";
import type { Purpose } from "../../../protocol/words.ts";
import { takeId, takePurpose, takeTime, urlOption } from "../options.ts";
import { printJson } from "../print.ts";
import { openClient } from "../server.ts";

interface ExportOptions {
  readonly key: string;
  readonly out: string;
  readonly purpose?: Purpose;
  readonly since?: number;
  readonly until?: number;
  readonly url: string;
  readonly json?: boolean;
}

/** Characters of the last line that are kept while a file is written. */
const MOST_LINE = 1024 * 1024;

/** `twin export`: all of a stretch in one file that `verify` checks whole. */
export function addExportCommand(twin: Command): void {
  twin
    .command("export")
    .description("write a twin's stretch into one file: values, and what proves them; 'verify' checks it whole")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--key <file>", "the reader's key")
    .requiredOption("--out <file>", "where to; it must not exist")
    .option("--purpose <purpose>", "may be left out where the grant has just one", takePurpose)
    .option("--since <time>", "from this time on (ISO 8601, ms, or like -1h)", takeTime)
    .option("--until <time>", "before this time", takeTime)
    .addOption(urlOption())
    .action(exportTwin);
}

async function exportTwin(twin: Hex, { key, out, purpose, since, until, url, json }: ExportOptions): Promise<void> {
  const asked = { purpose, since, until };
  const ask = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const body = await openClient(url, key).export(twin, ask);
  const last = await write(body, out);
  const end = endOf(last);
  if (!end)
    throw new TwinwardError("SERVER_UNREACHABLE", { detail: `${out} was cut off: it has no last line. Export again.` });
  const { lines, sequences, ended } = end.record;
  if (json) printJson({ twin, out, lines, sequences, ended });
  else console.log(`${out}: ${lines + 1} lines${sequences ? `, numbers ${sequences.join(" to ")}` : ""}`);
  if (ended === null) return;
  console.error(`It was ended by ${ended} before all was sent.`);
  process.exitCode = 1;
}

/** Writes what comes, as it comes; the last line of it. */
async function write(body: ReadableStream<Uint8Array>, file: string): Promise<string> {
  const target = createWriteStream(file, { flags: "wx", mode: 0o600 });
  const decoder = new TextDecoder();
  let last = "";
  try {
    await once(target, "open");
    for await (const chunk of body) {
      if (!target.write(chunk)) await once(target, "drain");
      last = (last + decoder.decode(chunk, { stream: true })).slice(-MOST_LINE);
      const cut = last.lastIndexOf("\n", last.length - 2);
      if (cut >= 0) last = last.slice(cut + 1);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST")
      throw new TwinwardError("UNUSABLE_INPUT", { detail: `${file} exists already.` }, cause);
    // The connection broke: what is there is kept, and has no last line.
    if (target.errored) throw cause;
  }
  target.end();
  await finished(target);
  return last;
}

function endOf(line: string): EndLine | undefined {
  try {
    const value = JSON.parse(line) as EndLine;
    return value.kind === "end" ? value : undefined;
  } catch {
    return undefined;
  }
}
