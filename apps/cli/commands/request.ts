import type { Command } from "commander";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Purpose } from "../../../protocol/words.ts";
import type { Client, RequestQuery } from "../../sdk/client.ts";
import type { AcknowledgedRequest, ListedRequest } from "../../sdk/answers.ts";
import { approveRequest, type Approval } from "../answer-request.ts";
import {
  dataOption,
  stewardOption,
  takeCount,
  takeId,
  takeNames,
  takePurposes,
  takeTime,
  urlOption,
} from "../options.ts";
import { printJson, printTable, shortId, timeOf } from "../print.ts";
import { openClient } from "../server.ts";

export function addRequestCommand(program: Command): void {
  const request = program
    .command("request")
    .description("ask for a twin, and answer: catalogue, new, list, approve, narrow, refuse");
  addCatalogue(request);
  addNew(request);
  addList(request);
  addApprove(request);
  addNarrow(request);
  addRefuse(request);
}

function addCatalogue(request: Command): void {
  request
    .command("catalogue")
    .description("what may be asked for: device models and manifests; needs no key")
    .addOption(urlOption())
    .action(async ({ url, json }: { url: string; json?: boolean }) => {
      const catalogue = await openClient(url).catalogue();
      if (json) return printJson(catalogue);
      const nameOf = (hash: Hex): string => catalogue.models.find((one) => one.hash === hash)?.model.name ?? hash;
      printTable(
        ["manifest", "name", "device model", "segments"],
        catalogue.manifests.map(({ hash, manifest }) => [
          hash,
          manifest.name,
          nameOf(manifest.model),
          manifest.segments.join(","),
        ]),
      );
    });
}

interface NewOptions {
  readonly manifest?: Hex;
  readonly twin?: Hex;
  readonly segments?: string[];
  readonly bitmap?: number;
  readonly purposes: Purpose[];
  readonly until: number;
  readonly why: string;
  readonly webhook?: string;
  readonly deadline?: number;
  readonly wait?: boolean;
  readonly key: string;
  readonly url: string;
  readonly json?: boolean;
}

function addNew(request: Command): void {
  request
    .command("new")
    .description("ask for a manifest of the catalogue, or for a twin that you were told of; signed by your key")
    .option("--manifest <hash>", "what to see, of any device that has it", takeId)
    .option("--twin <id>", "this twin and no other; then with --bitmap", takeId)
    .option("--segments <names>", "fewer than the manifest shows", takeNames)
    .option("--bitmap <number>", "the segments as a bitmap of the device model's", takeCount)
    .requiredOption("--purposes <names>", "care, emergency, research, maintenance, audit", takePurposes)
    .requiredOption("--until <time>", "until when you wish to read, for example +12h", takeTime)
    .requiredOption("--why <text>", "what the steward is told")
    .requiredOption("--key <file>", "your key; nobody need know it")
    .option("--webhook <url>", "where the answer is posted")
    .option("--deadline <time>", "until when an answer helps; a week without", takeTime)
    .option("--wait", "wait for the answer")
    .addOption(urlOption())
    .action(async ({ key, url, json, wait, bitmap, ...options }: NewOptions) => {
      const client = openClient(url, key);
      const wish = { ...options, ...(bitmap === undefined ? {} : { segments: BigInt(bitmap) }) };
      const asked = await client.request(wish);
      if (wait) return tell(await client.answer(asked.request), json);
      if (json) printJson(asked);
      else tellAsked(asked);
    });
}

function tellAsked({ request, expires }: AcknowledgedRequest): void {
  console.log(request);
  console.log(`  expires ${timeOf(expires)} unless it is answered`);
}

/** How a request stands, for people or machines. */
function tell({ request, state, answer }: ListedRequest, json?: boolean): void {
  if (json) return printJson({ request, state, answer });
  console.log(`${state} ${request}`);
  if (answer?.step === "approved" || answer?.step === "narrowed")
    console.log(`  twin ${answer.twin}\n  grant ${answer.grant}, until ${timeOf(answer.granted.until * 1000)}`);
  if (answer?.step === "refused") console.log(`  ${answer.reason}`);
}

interface ListOptions extends Pick<RequestQuery, "state"> {
  readonly key?: string;
  readonly stewardKey: string;
  readonly url: string;
  readonly json?: boolean;
}

function addList(request: Command): void {
  request
    .command("list")
    .description("your requests with --key, or those on the steward's devices; newest first")
    .option("--key <file>", "a reader's key; the steward's without")
    .option("--state <word>", "open, approved, narrowed, refused or expired")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async ({ key, stewardKey, url, state, json }: ListOptions) => {
      const requests = await allRequests(openClient(url, key ?? stewardKey), state === undefined ? {} : { state });
      if (json) return printJson(requests);
      const rows = requests.map(({ request: id, state: now, asked, expires }) => [
        id,
        now,
        asked.reader,
        asked.twin === null ? `manifest ${shortId(asked.manifest ?? "")}` : `twin ${shortId(asked.twin)}`,
        asked.segments,
        asked.purposes.join(","),
        timeOf(asked.until * 1000),
        now === "open" ? timeOf(expires) : "",
        asked.why,
      ]);
      printTable(
        ["request", "state", "reader", "of", "segments", "purposes", "until (UTC)", "expires (UTC)", "why"],
        rows,
      );
    });
}

async function allRequests(client: Client, asked: RequestQuery): Promise<ListedRequest[]> {
  const all: ListedRequest[] = [];
  for (let before: number | null | undefined; before !== null;) {
    const page = await client.requests({ ...asked, ...(before === undefined ? {} : { before }) });
    all.push(...page.requests);
    before = page.next;
  }
  return all;
}

type AnswerOptions = Omit<Approval, "request"> & { readonly json?: boolean };

function addApprove(request: Command): void {
  request
    .command("approve")
    .description("give what was asked: a grant on chain that names the request")
    .argument("<request>", "the request", takeId)
    .option("--twin <id>", "which one, where several have the manifest", takeId)
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (id: Hex, { json, ...options }: AnswerOptions) =>
      tell(await approveRequest({ ...options, request: id }), json),
    );
}

function addNarrow(request: Command): void {
  request
    .command("narrow")
    .description("give less than was asked: fewer segments or purposes, a shorter time")
    .argument("<request>", "the request", takeId)
    .option("--twin <id>", "which one, where several have the manifest", takeId)
    .option("--segments <names>", "these alone", takeNames)
    .option("--purposes <names>", "these alone", takePurposes)
    .option("--until <time>", "not longer than this, for example +12h", takeTime)
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (id: Hex, { json, ...options }: AnswerOptions) => {
      if (!options.segments && !options.purposes && options.until === undefined)
        throw new TwinwardError("UNUSABLE_INPUT", { detail: "Narrow to what: --segments, --purposes or --until." });
      tell(await approveRequest({ ...options, request: id }), json);
    });
}

function addRefuse(request: Command): void {
  request
    .command("refuse")
    .description("give nothing, and say why")
    .argument("<request>", "the request", takeId)
    .requiredOption("--reason <text>", "what the reader is told")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (id: Hex, options: { reason: string; stewardKey: string; url: string; json?: boolean }) =>
      tell(await openClient(options.url, options.stewardKey).refuseRequest(id, options.reason), options.json),
    );
}
