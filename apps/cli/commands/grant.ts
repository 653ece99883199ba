import type { Command } from "commander";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { purposesMask, type Purpose } from "../../../protocol/words.ts";
import { maskOf } from "../answer-request.ts";
import type { Client } from "../../sdk/client.ts";
import {
  dataOption,
  stewardOption,
  takeAddress,
  takeCount,
  takeId,
  takeNames,
  takePurpose,
  takePurposes,
  takeTime,
  urlOption,
} from "../options.ts";
import { passGrant, type PassPlan } from "../pass-grant.ts";
import { printJson, printTable, timeOf } from "../print.ts";
import { seenByServer } from "../seen-by-server.ts";
import { actAs, openClient } from "../server.ts";
import type { GrantKey } from "../steward.ts";
import { addRelay, addSignGrant } from "./signed.ts";

export function addGrantCommand(program: Command): void {
  const grant = program
    .command("grant")
    .description("grants: give, pass, sign, relay, revoke, continuity, list, explain");
  addGive(grant);
  addPass(grant);
  addSignGrant(grant);
  addRelay(grant);
  addRevoke(grant);
  addContinuity(grant);
  addList(grant);
  addExplain(grant);
}

interface GiveOptions {
  readonly twin: Hex;
  readonly reader: Hex;
  readonly purposes: Purpose[];
  readonly segments?: string[];
  readonly from?: number;
  readonly until: number;
  readonly depth?: number;
  readonly stewardKey: string;
  readonly url: string;
  readonly json?: boolean;
}

function addGive(grant: Command): void {
  grant
    .command("give")
    .description("let a reader read a twin: for purposes, for a time")
    .requiredOption("--twin <id>", "the twin", takeId)
    .requiredOption("--reader <address>", "who may read", takeAddress)
    .requiredOption("--purposes <names>", "care, emergency, research, maintenance, audit", takePurposes)
    .requiredOption("--until <time>", "when it ends, for example +12h", takeTime)
    .option("--from <time>", "when it begins; now without", takeTime)
    .option("--segments <names>", "fewer segments than the twin shows", takeNames)
    .option("--depth <number>", "how often the reader may pass it on, 0 to 3; not at all without", takeCount)
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (options: GiveOptions) => {
      const id = await giveGrant(options);
      if (options.json) printJson({ grant: id });
      else console.log(id);
    });
}

/** Gives a grant on all of a twin's segments, or on those named. */
export async function giveGrant(plan: Omit<GiveOptions, "json">): Promise<Hex> {
  const client = openClient(plan.url, plan.stewardKey);
  const twin = (await client.twins()).find((one) => one.twin === plan.twin);
  if (twin === undefined)
    throw new TwinwardError("TWIN_UNKNOWN", { detail: `${plan.twin} is no twin of a device of this steward.` });
  const segments =
    plan.segments === undefined ? BigInt(twin.segments) : await maskOf(client, twin.manifestHash, plan.segments);
  const grant = await actAs(client, plan.stewardKey, async (acting) =>
    acting.grant(twin.device, {
      twin: plan.twin,
      reader: plan.reader,
      from: Math.floor((plan.from ?? Date.now()) / 1000),
      until: Math.ceil(plan.until / 1000),
      segments,
      purposes: purposesMask(plan.purposes),
      depth: plan.depth ?? 0,
    }),
  );
  const [purpose] = plan.purposes;
  await seenByServer("the grant", async () => {
    const { code } = await client.explain({
      twin: plan.twin,
      reader: plan.reader,
      grant,
      ...(purpose === undefined ? {} : { purpose }),
    });
    return code !== "GRANT_UNKNOWN";
  });
  return grant;
}

function addPass(grant: Command): void {
  grant
    .command("pass")
    .description("pass a grant of yours on, or a part of it; what was passed on ends with it")
    .argument("<grant>", "the grant, given with a depth", takeId)
    .requiredOption("--to <address>", "who may read", takeAddress)
    .requiredOption("--key <file>", "your key")
    .option("--segments <names>", "fewer segments than yours", takeNames)
    .option("--purposes <names>", "fewer purposes than yours", takePurposes)
    .option("--until <time>", "when it ends, not after yours", takeTime)
    .option("--depth <number>", "how often it may be passed on again; not at all without", takeCount)
    .addOption(urlOption())
    .action(async (id: Hex, { json, ...options }: Omit<PassPlan, "grant"> & { readonly json?: boolean }) => {
      const child = await passGrant({ ...options, grant: id });
      if (json) printJson({ grant: child, parent: id });
      else console.log(child);
    });
}

function addRevoke(grant: Command): void {
  grant
    .command("revoke")
    .description("end a grant at once; it stays on the chain as revoked")
    .argument("<grant>", "the grant", takeId)
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (id: Hex, options: { stewardKey: string; url: string; json?: boolean }) => {
      await revokeGrant(id, options);
      if (options.json) printJson({ revoked: id });
      else console.log(`revoked ${id}`);
    });
}

interface FoundGrant extends GrantKey {
  readonly revoked: boolean;
  readonly continuity: boolean;
}

/** A grant that the key's holder gave, or that is on a twin of a device of theirs. Throws GRANT_UNKNOWN. */
async function findGrant(client: Client, id: Hex): Promise<FoundGrant> {
  const all = (await client.twins()).flatMap(({ twin, grants }) => grants.map((grant) => ({ ...grant, twin })));
  const found = all.find(({ grant }) => grant === id);
  if (found === undefined) throw new TwinwardError("GRANT_UNKNOWN", { detail: `${id} is no grant of yours.` });
  const { twin, reader, grantor, parent, nonce, revoked, continuity } = found;
  return { twin, reader, grantor, parent, nonce: BigInt(nonce), revoked, continuity };
}

/** Ends a grant that the key's holder gave, or that is on a twin of a device of theirs. */
export async function revokeGrant(id: Hex, { url, stewardKey }: { url: string; stewardKey: string }): Promise<void> {
  const client = openClient(url, stewardKey);
  const given = await findGrant(client, id);
  await actAs(client, stewardKey, async (acting) => acting.revoke(given));
  await seenByServer("the revocation", async () => (await findGrant(client, id)).revoked);
}

function addContinuity(grant: Command): void {
  grant
    .command("continuity")
    .description("honour a grant for an hour where the server cannot see the chain: for care and emergency alone")
    .argument("<grant>", "the grant", takeId)
    .option("--off", "no longer")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (id: Hex, options: { off?: boolean; stewardKey: string; url: string; json?: boolean }) => {
      const on = options.off !== true;
      const client = openClient(options.url, options.stewardKey);
      const given = await findGrant(client, id);
      await actAs(client, options.stewardKey, async (acting) => acting.setContinuity(given, on));
      await seenByServer("it", async () => (await findGrant(client, id)).continuity === on);
      if (options.json) printJson({ grant: id, continuity: on });
      else console.log(`${id} is ${on ? "honoured for an hour" : "not honoured"} where the chain cannot be seen`);
    });
}

function addList(grant: Command): void {
  grant
    .command("list")
    .description("every grant ever given on a twin")
    .argument("<twin>", "the twin", takeId)
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (id: Hex, options: { stewardKey: string; url: string; json?: boolean }) => {
      const twin = (await openClient(options.url, options.stewardKey).twins()).find((one) => one.twin === id);
      if (twin === undefined)
        throw new TwinwardError("TWIN_UNKNOWN", { detail: `${id} is no twin of a device of this steward.` });
      if (options.json) return printJson(twin.grants);
      const rows = twin.grants.map((one) => [
        one.grant,
        one.reader,
        one.purposes.join(","),
        timeOf(one.from * 1000),
        timeOf(one.until * 1000),
        one.revoked ? "revoked" : "given",
      ]);
      printTable(["grant", "reader", "purposes", "from (UTC)", "until (UTC)", "state"], rows);
    });
}

interface ExplainOptions {
  readonly twin: Hex;
  readonly reader?: Hex;
  readonly purpose?: Purpose;
  readonly segments?: string[];
  readonly grant?: Hex;
  readonly key: string;
  readonly url: string;
  readonly json?: boolean;
}

function addExplain(grant: Command): void {
  grant
    .command("explain")
    .description("would this be permitted now, and why not? records nothing")
    .requiredOption("--twin <id>", "the twin", takeId)
    .requiredOption("--key <file>", "who asks: the reader's key, or the steward's for another reader")
    .option("--reader <address>", "for whom, when the steward asks", takeAddress)
    .option("--purpose <purpose>", "may be left out where the grant has just one", takePurpose)
    .option("--segments <names>", "fewer than the grant allows", takeNames)
    .option("--grant <id>", "this grant alone", takeId)
    .addOption(urlOption())
    .action(async ({ key, url, json, ...asked }: ExplainOptions) => {
      const explained = await openClient(url, key).explain(asked);
      if (json) return printJson(explained);
      const { permitted, reason, because } = explained;
      console.log(permitted ? `✔ permitted by grant ${because.grant ?? "(none needed)"}` : `✖ denied: ${reason}`);
      console.log(`  as of block ${because.block.number}, ${timeOf(because.block.timestamp * 1000)}`);
    });
}
