import type { Command } from "commander";
import { Contract, Wallet } from "ethers";
import { grantRegistryAbi } from "../../../protocol/abi/GrantRegistry.ts";
import { operatorsAbi } from "../../../protocol/abi/Operators.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { readAccountKey } from "../key-file.ts";
import { urlOption } from "../options.ts";
import { printJson, timeOf } from "../print.ts";
import { sendActs } from "../send-acts.ts";
import { consortiumWithRpc, openClient } from "../server.ts";
import { connectProvider } from "../steward.ts";

interface Told {
  readonly key: string;
  readonly url: string;
  readonly json?: boolean;
}

/** An operator's wallet beside the contracts that it acts on. */
interface Desk {
  readonly wallet: Wallet;
  readonly grants: Contract;
  readonly operators: Contract;
}

export function addOperatorCommand(program: Command): void {
  const operator = program
    .command("operator")
    .description("stop new grants for a while, and let them be given again: pause, resume")
    .addHelpText(
      "after",
      `
A pause stops new grants through every door, at once. Reads, revocations, consent and break-glass go on. To resume is
announced an hour before: the first 'resume' announces it, one an hour later does it. A pauser can call it off.`,
    );
  operator
    .command("pause")
    .description("stop new grants, at once; what was given stays as it is")
    .requiredOption("--key <file>", "a pauser's key")
    .addOption(urlOption())
    .action(async (options: Told) => {
      await atDesk(options, ({ wallet, grants }) =>
        sendActs(wallet, [{ contract: grants, method: "pause", args: [] }]),
      );
      if (options.json) printJson({ paused: true });
      else console.log("no new grants are taken; reads, revocations and break-glass go on");
    });
  operator
    .command("resume")
    .description("let grants be given again: announce it, and an hour later do it")
    .requiredOption("--key <file>", "a resumer's key")
    .addOption(urlOption())
    .action(async (options: Told) => {
      const from = await atDesk(options, resume);
      if (options.json) printJson({ paused: from !== undefined, resumableFrom: from ?? null });
      else if (from === undefined) console.log("grants are taken again");
      else console.log(`announced; say it again from ${timeOf(from * 1000)} on, within a week`);
    });
}

/** Announces it where nobody has, and does it where its time has come; from when on it can be done otherwise, seconds. */
async function resume({ wallet, grants, operators }: Desk): Promise<number | undefined> {
  const target = await grants.getAddress();
  const call = grants.interface.encodeFunctionData("resume");
  const id: unknown = await operators.getFunction("hashOperation").staticCall(wallet.address, target, call);
  const scheduled = async (): Promise<number> =>
    Number((await operators.getFunction("getSchedule").staticCall(id)) as bigint);
  const from = await scheduled();
  if (from === 0) {
    await sendActs(wallet, [{ contract: operators, method: "schedule", args: [target, call, 0] }]);
    return scheduled();
  }
  if (from > Date.now() / 1000) return from;
  await sendActs(wallet, [{ contract: grants, method: "resume", args: [] }]);
  return undefined;
}

async function atDesk<T>({ key, url }: Told, act: (desk: Desk) => Promise<T>): Promise<T> {
  const { rpc, chainId, contracts } = await consortiumWithRpc(openClient(url));
  if (!contracts.Operators)
    throw new TwinwardError("BREAK_GLASS_ABSENT", { detail: "This consortium was founded before it had operators." });
  const provider = connectProvider(rpc, chainId);
  try {
    const wallet = new Wallet(toHex(readAccountKey(key)), provider);
    const grants = new Contract(contracts.GrantRegistry, grantRegistryAbi, wallet);
    return await act({ wallet, grants, operators: new Contract(contracts.Operators, operatorsAbi, wallet) });
  } finally {
    provider.destroy();
  }
}
