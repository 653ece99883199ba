import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { toHex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { newPrivateKey, publicKeyOf } from "../../../protocol/es256.ts";
import { fresh, writePrivateFile } from "../key-file.ts";
import { approveChange, carryOutChange, listMembers, proposeChange } from "../member-acts.ts";
import { changeDigest, describeCalls, parseCalls, parseChange, type MemberChange } from "../member-change.ts";
import { dataOption, readText, takeTime } from "../options.ts";
import { printJson, printTable, shortId } from "../print.ts";

interface Options {
  readonly rpc: string;
  readonly trust: string;
  readonly json?: boolean;
}

interface SignOptions extends Options {
  readonly key: readonly string[];
  readonly out: string;
}

/** Who belongs, and how members change it: docs/contracts.md. */
export function addMemberCommand(program: Command): void {
  const data = process.env.TWINWARD_DATA ?? ".twinward";
  const member = program
    .command("member")
    .description("members of the consortium, and changes that a quorum of them signs");
  const chained = (command: Command): Command =>
    command
      .requiredOption("--rpc <url>", "JSON-RPC of a node")
      .option("--trust <file>", "the consortium@1 whose contracts are meant", join(data, "consortium.json"));
  const signing = (command: Command): Command =>
    chained(command)
      .option("--key <files...>", "keys of members that are on this machine", [join(data, "keys/member.key")])
      .requiredOption("--out <file>", "where to write the change with the signatures");

  chained(member.command("list").description("who belongs and who did, how many decide, and who judges")).action(list);
  signing(
    member
      .command("propose <calls>")
      .description("make a change out of a file of calls, and sign it (docs/formats/member-change.md)"),
  )
    .option("--until <time>", "it can be carried out until then", takeTime, Date.now() + 7 * 86_400_000)
    .action(propose);
  signing(
    member.command("approve <change>").description("show what a change does, and add a member's signature"),
  ).action(approve);
  chained(member.command("carry-out <change>").description("put a change that a quorum has signed on the chain"))
    .option("--key <file>", "the account that sends it; it need not be a member's", join(data, "keys/member.key"))
    .action(carryOut);
  member
    .command("gateway-key")
    .description("make the next key with which this gateway will sign, for a change that says from when on")
    .addOption(dataOption())
    .action(makeGatewayKey);
}

async function list(options: Options): Promise<void> {
  const found = await listMembers(options);
  if (options.json) return printJson(found);
  const time = (seconds: number | null): string => (seconds === null ? "" : new Date(seconds * 1000).toISOString());
  printTable(
    ["member", "name", "endpoint", "signer", "since", "until"],
    found.members.map(({ index, name, endpoint, signer, since, until }) => [
      ...[String(index), name, endpoint, signer, time(since), time(until)],
    ]),
  );
  const present = found.members.filter(({ until }) => until === null).length;
  console.log(`${found.quorum} of ${present} decide. The next change is number ${found.number}.`);
  console.log(`${found.oracles.length} oracles judge, of whom ${found.faultBound} may be faulty.`);
}

async function propose(file: string, options: SignOptions & { readonly until: number }): Promise<void> {
  const calls = parseCalls(readText(file));
  writeSigned(await proposeChange(options, calls, options.until, options.key), options);
}

async function approve(file: string, options: SignOptions): Promise<void> {
  writeSigned(await approveChange(options, parseChange(readText(file)), options.key), options);
}

async function carryOut(file: string, options: Options & { readonly key: string }): Promise<void> {
  const change = parseChange(readText(file));
  const transaction = await carryOutChange(options, change, options.key);
  if (options.json) printJson({ number: change.number, transaction });
  else console.log(`Change ${change.number} is carried out (${transaction}).`);
}

function writeSigned(change: MemberChange, { out, json }: SignOptions): void {
  try {
    writeFileSync(out, `${JSON.stringify(change, null, 2)}\n`, { flag: "wx" });
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${out} cannot be created; it may exist already.` }, cause);
  }
  const says = describeCalls(change.calls);
  if (json) return printJson({ file: out, number: change.number, digest: changeDigest(change), says });
  console.log(`Change ${change.number}, until ${new Date(change.deadline * 1000).toISOString()}:`);
  for (const line of says) console.log(`  ${line}`);
  console.log(`Signed by ${change.signatures.map(({ signer }) => shortId(signer)).join(", ")}: ${out}`);
}

function makeGatewayKey({ data, json }: { readonly data: string; readonly json?: boolean }): void {
  let n = 1;
  while (existsSync(join(data, `keys/gateway-${n}.key`))) n++;
  const file = join(data, `keys/gateway-${n}.key`);
  const key = newPrivateKey(fresh);
  const text = { format: "key@1", type: "p256", development: false, private: toHex(key) };
  writePrivateFile(file, `${JSON.stringify(text, null, 2)}\n`);
  const { x, y } = publicKeyOf(key);
  if (json) printJson({ file, x, y });
  else console.log(`${file}\n  x ${x}\n  y ${y}`);
}
