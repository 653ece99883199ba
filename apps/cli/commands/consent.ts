import type { Command } from "commander";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { purposesMask, type Purpose } from "../../../protocol/words.ts";
import { readAccountKey } from "../key-file.ts";
import { dataOption, stewardOption, takeAddress, takeId, takePurposes, urlOption } from "../options.ts";
import { printJson, printTable } from "../print.ts";
import { seenByServer } from "../seen-by-server.ts";
import { actAs, openClient } from "../server.ts";
import { addRelay, addSignConsent } from "./signed.ts";

export function addConsentCommand(program: Command): void {
  const consent = program
    .command("consent")
    .description("whose data it is, and what they agree to: bind, give, withdraw, sign, relay, list");
  addBind(consent);
  addGive(consent);
  addWithdraw(consent);
  addList(consent);
  addSignConsent(consent);
  addRelay(consent);
}

interface BindPlan {
  readonly device: Hex;
  readonly subjectKey: string;
  readonly guardian?: Hex;
  readonly stewardKey: string;
  readonly url: string;
}

function addBind(consent: Command): void {
  consent
    .command("bind")
    .description("say whose data a device's open assignment is: signed by the subject, sent by the steward")
    .requiredOption("--device <id>", "the device", takeId)
    .requiredOption("--subject-key <file>", "the subject's own key")
    .option("--guardian <address>", "who may do all that the subject may", takeAddress)
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async (options: BindPlan & { readonly json?: boolean }) => {
      const bound = await bindSubject(options);
      if (options.json) printJson(bound);
      else console.log(`${bound.subject} is the subject of assignment ${bound.assignment}`);
    });
}

/** Binds a subject to the device's open assignment by its own signature. Throws what the contract refuses. */
export async function bindSubject(plan: BindPlan): Promise<{ readonly assignment: Hex; readonly subject: Hex }> {
  const client = openClient(plan.url, plan.stewardKey);
  const key = readAccountKey(plan.subjectKey);
  return actAs(client, plan.stewardKey, async (acting) => acting.bindSubject(plan.device, key, plan.guardian));
}

interface ConsentPlan {
  readonly twin: Hex;
  readonly reader: Hex;
  readonly purposes: readonly Purpose[];
  /** The subject's, or its guardian's. */
  readonly key: string;
  readonly url: string;
}

function addGive(consent: Command): void {
  consent
    .command("give")
    .description("agree that a reader reads a twin for these purposes, and for no others that need consent")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--reader <address>", "who may read", takeAddress)
    .requiredOption("--purposes <names>", "for example research", takePurposes)
    .requiredOption("--key <file>", "the subject's key, or its guardian's")
    .addOption(urlOption())
    .action(async (twin: Hex, options: Omit<ConsentPlan, "twin"> & { readonly json?: boolean }) => {
      await setConsent({ ...options, twin });
      if (options.json) printJson({ twin, reader: options.reader, purposes: options.purposes });
      else console.log(`${options.reader} may read it for ${options.purposes.join(", ")}, where granted`);
    });
}

function addWithdraw(consent: Command): void {
  consent
    .command("withdraw")
    .description("take back what a reader of a twin was agreed to; its grants stay and permit no more")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--reader <address>", "who reads no longer", takeAddress)
    .requiredOption("--key <file>", "the subject's key, or its guardian's")
    .addOption(urlOption())
    .action(async (twin: Hex, options: Omit<ConsentPlan, "twin" | "purposes"> & { readonly json?: boolean }) => {
      await setConsent({ ...options, twin, purposes: [] });
      if (options.json) printJson({ twin, reader: options.reader, purposes: [] });
      else console.log(`withdrawn for ${options.reader}`);
    });
}

/** Sets to what the subject agrees for a reader of a twin; nothing withdraws. Throws NOT_SUBJECT and what else is refused. */
export async function setConsent({ twin, reader, purposes, key, url }: ConsentPlan): Promise<void> {
  const client = openClient(url, key);
  await actAs(client, key, async (acting) => acting.setConsent(twin, reader, purposesMask(purposes)));
  const said = [...purposes].sort().join();
  await seenByServer("the consent", async () => {
    const listed = (await client.twins()).find((one) => one.twin === twin);
    const found = listed?.consents.find((one) => one.reader === reader);
    return [...(found?.purposes ?? [])].sort().join() === said;
  });
}

function addList(consent: Command): void {
  consent
    .command("list")
    .description("for what a twin asks consent, and who has it")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--key <file>", "the subject's key, its guardian's or the steward's; a reader sees its own")
    .addOption(urlOption())
    .action(async (id: Hex, options: { key: string; url: string; json?: boolean }) => {
      const twin = (await openClient(options.url, options.key).twins()).find((one) => one.twin === id);
      if (twin === undefined)
        throw new TwinwardError("TWIN_UNKNOWN", { detail: `${id} is no twin that this key has to do with.` });
      const { subject, consent: asked, consents } = twin;
      if (options.json) return printJson({ subject, asked, consents });
      console.log(`asks the consent of ${subject ?? "nobody yet"} for ${asked.join(", ")}`);
      printTable(
        ["reader", "agreed to"],
        consents.map((one) => [one.reader, one.purposes.join(",") || "nothing any more"]),
      );
    });
}
