import { writeFileSync } from "node:fs";
import { Option, type Command } from "commander";
import { readClaim, type Claim } from "../../../protocol/break-glass.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { parseStrict } from "../../../protocol/json.ts";
import { noteHash, readNote, writeNote, type SaltedNote } from "../../../protocol/salted-note.ts";
import type { ListedOpening, OpeningState } from "../../sdk/answers.ts";
import {
  endOpening,
  makeClaim,
  nameEmergencyTwin,
  openGlass,
  reviewOpening,
  signClaim,
  type Acting,
} from "../glass.ts";
import { fresh, writePrivateFile } from "../key-file.ts";
import {
  dataOption,
  readText,
  stewardOption,
  takeAddress,
  takeCount,
  takeId,
  takeTime,
  urlOption,
} from "../options.ts";
import { MARKS, printJson, printTable, shortId, timeOf } from "../print.ts";
import { openClient } from "../server.ts";

type Told = Acting & { readonly json?: boolean };

const STATES: readonly OpeningState[] = ["open", "unreviewed", "overdue", "reviewed"];
const HOUR_MS = 3_600_000;

export function addBreakGlassCommand(program: Command): void {
  const glass = program
    .command("break-glass")
    .description("read in an emergency without a grant, and look at it afterwards: open, end, review, list")
    .addHelpText(
      "after",
      `
The device's steward names the twin that is read in an emergency, and the member whose holders may ('name'). A holder
opens it with a reason and reads it for at most four hours ('twin read --purpose emergency'). Somebody else reviews
that within three days. While a review is overdue, a second holder signs too:

  $ npx twinward break-glass claim TWIN --reason "unconscious" --key ONE.key --out claim.json
  $ npx twinward break-glass sign claim.json --key TWO.key
  $ npx twinward break-glass open --claim claim.json --key ONE.key --second ADDRESS --signature SIGNATURE`,
    );
  addName(glass);
  addOpen(glass);
  addClaim(glass);
  addSign(glass);
  addEnd(glass);
  addReview(glass);
  addList(glass);
  addShow(glass);
}

function addName(glass: Command): void {
  glass
    .command("name")
    .description("say which twin of an assignment is read in an emergency; at most one")
    .argument("<twin>", "the twin", takeId)
    .option("--member <number>", "the member whose holders may open it", takeCount, 0)
    .option("--off", "this one no longer")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (twin: Hex, options: Told & { stewardKey: string; member: number; off?: boolean }) => {
      const { url, stewardKey: key, member, off = false } = options;
      await nameEmergencyTwin({ url, key }, twin, member, off);
      if (options.json) printJson({ emergency: off ? null : twin, member });
      else console.log(off ? "nothing is read in an emergency" : `${twin} is read in an emergency`);
    });
}

interface OpenOptions extends Told {
  readonly reason?: string;
  readonly until: number;
  readonly claim?: string;
  readonly second?: Hex;
  readonly signature?: Hex;
  readonly keep?: string;
}

const keepOption = (): Option =>
  new Option("--keep <file>", "keep your words and their salt here, for whoever looks at it (note@1)");

/** Words of which the chain has the hash alone; kept where a file is named. */
function noteOf(words: string, keep: string | undefined): SaltedNote {
  const note = writeNote(words, fresh);
  // Before anything is sent: a hash whose words are lost explains nothing to anybody.
  if (keep !== undefined) writePrivateFile(keep, `${JSON.stringify(note, null, 2)}\n`);
  return note;
}

const tellNote = ({ salt }: SaltedNote, keep: string | undefined): void =>
  console.log(
    keep === undefined ? `  keep your words and their salt ${salt}` : `  your words and their salt are in ${keep}`,
  );

const untilOption = (): Option =>
  new Option("--until <time>", "when it ends, at most +4h").argParser(takeTime).default(Date.now() + HOUR_MS, "+1h");

function addOpen(glass: Command): void {
  glass
    .command("open")
    .description("read an emergency twin from now on, in sight of everybody; somebody reviews it")
    .argument("[twin]", "the emergency twin; 'list' knows it", takeId)
    .requiredOption("--key <file>", "your key: that of a holder of the member's role")
    .option("--reason <words>", "why; the chain has a salted hash of it")
    .addOption(keepOption())
    .addOption(untilOption())
    .option("--claim <file>", "what 'claim' wrote, instead of twin, reason and time")
    .option("--second <address>", "a second holder, who signed the claim", takeAddress)
    .option("--signature <hex>", "their signature, as 'sign' printed it")
    .addOption(urlOption())
    .action(async (twin: Hex | undefined, options: OpenOptions) => {
      const { url, key, second, signature, keep, json } = options;
      const { claim, note } = await claimOf(twin, options);
      const opening = await openGlass({ url, key }, claim, second && signature && { holder: second, signature });
      if (json) return printJson({ opening, until: claim.until, reason: note ?? claim.reason });
      console.log(opening);
      console.log(`  read ${shortId(claim.twin)} until ${timeOf(claim.until * 1000)}`);
      if (note) tellNote(note, keep);
    });
}

/** What is claimed: as it was written, or of what was said now. */
async function claimOf(twin: Hex | undefined, options: OpenOptions): Promise<{ claim: Claim; note?: SaltedNote }> {
  if (options.claim !== undefined) return { claim: readClaimFile(options.claim) };
  if (twin === undefined || options.reason === undefined)
    throw new TwinwardError("UNUSABLE_INPUT", { detail: "Name the twin and a --reason, or a --claim." });
  const note = noteOf(options.reason, options.keep);
  return { claim: await makeClaim(options, { twin, until: options.until, reason: noteHash(note) }), note };
}

const readClaimFile = (file: string): Claim => readClaim(parseStrict(readText(file)));

function addClaim(glass: Command): void {
  glass
    .command("claim")
    .description("write down what you would open and why, for a second holder to sign; sends nothing")
    .argument("<twin>", "the emergency twin", takeId)
    .requiredOption("--key <file>", "your key")
    .requiredOption("--reason <words>", "why; the claim has a salted hash of it")
    .requiredOption("--out <file>", "where the claim goes")
    .addOption(keepOption())
    .addOption(untilOption())
    .addOption(urlOption())
    .action(async (twin: Hex, options: Told & { reason: string; until: number; out: string; keep?: string }) => {
      const note = noteOf(options.reason, options.keep);
      const claim = await makeClaim(options, { twin, until: options.until, reason: noteHash(note) });
      writeFileSync(options.out, `${JSON.stringify(claim, null, 2)}\n`);
      if (options.json) return printJson({ claim, reason: note });
      console.log(`wrote ${options.out}`);
      tellNote(note, options.keep);
    });
}

function addSign(glass: Command): void {
  glass
    .command("sign")
    .description("stand for somebody's claim as a second holder: prints your signature")
    .argument("<claim>", "the file that 'claim' wrote")
    .requiredOption("--key <file>", "your key: that of another holder of the same member")
    .addOption(urlOption())
    .action(async (file: string, { json, ...acting }: Told) => {
      const claim = readClaimFile(file);
      const beside = await signClaim(acting, claim);
      if (json) return printJson({ claim, ...beside });
      console.log(beside.signature);
      console.log(`  of ${beside.holder}, for ${claim.opener} on ${claim.twin} until ${timeOf(claim.until * 1000)}`);
    });
}

function addEnd(glass: Command): void {
  glass
    .command("end")
    .description("end an opening before its time; by who opened it, or the device's steward")
    .argument("<opening>", "the opening", takeId)
    .requiredOption("--key <file>", "the opener's key, or the steward's")
    .addOption(urlOption())
    .action(async (opening: Hex, { json, ...acting }: Told) => {
      await endOpening(acting, opening);
      if (json) printJson({ ended: opening });
      else console.log(`ended ${opening}`);
    });
}

function addReview(glass: Command): void {
  glass
    .command("review")
    .description("say whether an opening that is over was justified; by a reviewer who had no part in it")
    .argument("<opening>", "the opening", takeId)
    .requiredOption("--key <file>", "a reviewer's key")
    .requiredOption("--note <words>", "what you found; the chain has a salted hash of it")
    .addOption(keepOption())
    .addOption(new Option("--justified", "it was right").conflicts("unjustified"))
    .addOption(new Option("--unjustified", "it was not"))
    .addOption(urlOption())
    .action(
      async (
        opening: Hex,
        options: Told & { note: string; keep?: string; justified?: boolean; unjustified?: boolean },
      ) => {
        const { justified, unjustified, json, note: words, keep, ...acting } = options;
        if (justified === unjustified)
          throw new TwinwardError("UNUSABLE_INPUT", { detail: "Say --justified or --unjustified." });
        const note = noteOf(words, keep);
        await reviewOpening(acting, opening, justified === true, noteHash(note));
        if (json) return printJson({ reviewed: opening, justified: justified === true, note });
        console.log(`reviewed ${opening}: ${justified ? "justified" : "not justified"}`);
        tellNote(note, keep);
      },
    );
}

function addList(glass: Command): void {
  glass
    .command("list")
    .description("what was opened and where it stands, and what you may open; as far as it concerns you")
    .requiredOption("--key <file>", "your key: a holder's, a reviewer's, a steward's or a subject's")
    .addOption(new Option("--state <state>", "only these").choices(STATES))
    .addOption(urlOption())
    .action(async ({ url, key, state, json }: Told & { state?: OpeningState }) => {
      const page = await openClient(url, key).openings(state && { state });
      if (json) return printJson(page);
      for (const { twin, member, mayOpen, needsSecond } of page.emergencies) {
        const who = mayOpen ? `you may open it${needsSecond ? ", with a second holder" : ""}` : `member ${member} may`;
        console.log(`emergency twin ${twin}: ${who}`);
      }
      printTable(["opening", "by", "opened (UTC)", "until (UTC)", "state", "you may"], page.openings.map(rowOf));
    });
}

function rowOf({ opening, opener, openedAt, until, state, review, may }: ListedOpening): string[] {
  const found = review ? `${state}, ${review.justified ? "justified" : "not justified"}` : state;
  return [opening, shortId(opener), timeOf(openedAt * 1000), timeOf(until * 1000), found, may.join(", ")];
}

function addShow(glass: Command): void {
  glass
    .command("show")
    .description("the case of one opening: what happened, and what was read under it; to look is recorded")
    .argument("<opening>", "the opening", takeId)
    .requiredOption("--key <file>", "your key")
    .option("--note <file>", "words that somebody kept: whether they are the reason, or the finding")
    .addOption(urlOption())
    .action(async (id: Hex, { url, key, note: file, json }: Told & { note?: string }) => {
      const found = await openClient(url, key).opening(id);
      const note = file === undefined ? undefined : readNote(parseStrict(readText(file)));
      const says = note && whichNote(found, note);
      if (says === "nothing here") process.exitCode = 1;
      if (json) return printJson({ ...found, ...(note && { note: { says, text: note.text } }) });
      if (note) console.log(`${says === "nothing here" ? MARKS.failed : MARKS.passed} ${says}: ${note.text}`);
      console.log(`case ${found.case}: ${found.state}, review by ${timeOf(found.reviewBy * 1000)}`);
      const steps = found.steps.map(({ step, by, at }) => [timeOf(at * 1000), step, by]);
      const reads = found.reads.map(({ record }) => [timeOf(record.at), `read: ${record.reason}`, record.reader]);
      printTable(
        ["when (UTC)", "what", "who"],
        [...steps, ...reads].toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
      );
    });
}

/** What words say of an opening, by the hashes that the chain has. */
function whichNote({ reason, review }: ListedOpening, note: SaltedNote): "reason" | "finding" | "nothing here" {
  const hash = noteHash(note);
  if (hash === reason) return "reason";
  return hash === review?.note ? "finding" : "nothing here";
}
