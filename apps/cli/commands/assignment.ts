import type { Command } from "commander";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { ListedDevice } from "../../sdk/answers.ts";
import type { Client } from "../../sdk/client.ts";
import { dataOption, stewardOption, takeId, takeSequence, urlOption } from "../options.ts";
import { printJson, printTable } from "../print.ts";
import { seenByServer } from "../seen-by-server.ts";
import { actAs, openClient } from "../server.ts";
import type { Assignment } from "../steward.ts";

interface Options {
  readonly url: string;
  readonly stewardKey: string;
  readonly json?: boolean;
}

const ABOUT = `
A device's readings belong to the assignment in whose sequences they are: one patient, one bed, one order. What lies between two
assignments belongs to the device alone: its security twin shows it, and nobody else. Twins, grants and consents are of one
assignment; they end with it.

The sequence that you name may lie below what the server has accepted already. Readings beyond it are sealed again then, under the
key of the assignment that they belong to, before anybody reads them; erasing one assignment leaves the other's.
docs/access.md says what readers see of it.`;

export function addAssignmentCommand(program: Command): void {
  const assignment = program
    .command("assignment")
    .description("to whom a device's readings belong: end an assignment, begin the next");
  const acting = (command: Command): Command =>
    command
      .argument("<device>", "the device", takeId)
      .addOption(dataOption())
      .addOption(stewardOption())
      .addOption(urlOption());

  acting(assignment.command("list").description("a device's assignments and their sequences, as the chain has them"))
    .addHelpText("after", ABOUT)
    .action(list);
  acting(assignment.command("begin").description("begin the device's next assignment; none may be open"))
    .option(
      "--from <sequence>",
      "first sequence that belongs to it (default: the next that no reading has)",
      takeSequence,
    )
    .addHelpText(
      "after",
      `${ABOUT}

It cannot begin below where the one before ended. New twins are made in it (twin new), and granted.

  $ npx twinward assignment begin 0x5b…c1             from the next reading on
  $ npx twinward assignment begin 0x5b…c1 --from 11   from reading 11 on, accepted or not`,
    )
    .action(begin);
  acting(assignment.command("end").description("end the device's open assignment, its twins and their grants"))
    .option(
      "--at <sequence>",
      "first sequence that no longer belongs to it (default: the next that no reading has)",
      takeSequence,
    )
    .addHelpText(
      "after",
      `${ABOUT}

An end is final. The security twin goes on; research and care read on in twins of the next assignment alone.

  $ npx twinward assignment end 0x5b…c1               with the last reading that was accepted
  $ npx twinward assignment end 0x5b…c1 --at 11       reading 10 is its last`,
    )
    .action(end);
}

async function list(device: Hex, { url, stewardKey, json }: Options): Promise<void> {
  const client = openClient(url, stewardKey);
  await deviceOf(client, device);
  const found = await actAs(client, stewardKey, (steward) => steward.assignments(device));
  if (json) return printJson(found);
  printTable(
    ["assignment", "first", "last"],
    found.map(({ assignment, from, end }) => [assignment, String(from), lastOf(from, end)]),
  );
}

const lastOf = (from: number, end: number | null): string => {
  if (end === null) return "open";
  return end === from ? "none" : String(end - 1);
};

async function begin(device: Hex, options: Options & { readonly from?: number }): Promise<void> {
  const { url, stewardKey, json } = options;
  const client = openClient(url, stewardKey);
  const { sequence } = await deviceOf(client, device);
  const begun = await actAs(client, stewardKey, async (steward) => {
    const last = (await steward.assignments(device)).at(-1);
    const from = options.from ?? Math.max(sequence + 1, last?.end ?? 1);
    return { from, ...(await steward.beginAssignment(device, from)) };
  });
  await seenByServer("the assignment", async () => (await deviceOf(client, device)).assignments > begun.n);
  const { assignment, from } = begun;
  if (json) printJson({ device, assignment, from });
  else console.log(`${assignment}\n  from sequence ${from} on`);
}

async function end(device: Hex, options: Options & { readonly at?: number }): Promise<void> {
  const { url, stewardKey, json } = options;
  const client = openClient(url, stewardKey);
  const { sequence } = await deviceOf(client, device);
  const ended = await actAs(client, stewardKey, async (steward): Promise<Assignment> => {
    const open = (await steward.assignments(device)).findLast(({ end }) => end === null);
    if (!open) throw new TwinwardError("TRANSACTION_REFUSED", { detail: "The device has no open assignment." });
    const at = options.at ?? Math.max(sequence + 1, open.from);
    await steward.endAssignment(open.assignment, at);
    return { ...open, end: at };
  });
  await seenByServer("its end", async () => !(await deviceOf(client, device)).assigned);
  const { assignment, from, end: at } = ended;
  if (json) printJson({ device, assignment, from, end: at });
  else console.log(`${assignment}\n  has ended; its last sequence is ${lastOf(from, at)}`);
}

async function deviceOf(client: Client, device: Hex): Promise<ListedDevice> {
  const found = (await client.devices()).devices.find(({ id }) => id === device);
  if (found === undefined) throw new TwinwardError("DEVICE_UNKNOWN", { device });
  return found;
}
