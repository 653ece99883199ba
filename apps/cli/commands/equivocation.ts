import type { Command } from "commander";
import { join } from "node:path";
import { Contract, Wallet, type InterfaceAbi } from "ethers";
import { deviceRegistryAbi } from "../../../protocol/abi/DeviceRegistry.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { parseConsortium } from "../../../protocol/consortium.ts";
import { findEquivocation } from "../../../protocol/equivocation.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { parseSdJwt } from "../../../protocol/reading.ts";
import { rpcSource } from "../../sdk/anchor-sources.ts";
import { readAccountKey } from "../key-file.ts";
import { readText } from "../options.ts";
import { printJson } from "../print.ts";
import { sendActs } from "../send-acts.ts";
import { connectProvider } from "../steward.ts";

/** `device equivocation`: convicts a device on chain by two readings that it signed for one sequence. docs/proofs.md. */
export function addEquivocation(device: Command): void {
  const data = process.env.TWINWARD_DATA ?? ".twinward";
  device
    .command("equivocation <first> <second>")
    .description("prove on chain that a device signed two readings (SD-JWTs in files) for one sequence")
    .requiredOption("--rpc <url>", "JSON-RPC of a node")
    .option("--trust <file>", "the consortium@1 whose contracts are meant", join(data, "consortium.json"))
    .requiredOption("--key <file>", "any account's key; it sends the transaction")
    .action(async (first: string, second: string, options: Options) => {
      const consortium = parseConsortium(readText(options.trust));
      const [one, two] = [readText(first).trim(), readText(second).trim()];
      const { device: accused } = parseSdJwt(one);
      const history = await rpcSource(options.rpc, consortium, 0).device(accused);
      if (!history) throw new TwinwardError("DEVICE_UNKNOWN", { device: accused });
      const found = findEquivocation(one, two, history);
      const provider = connectProvider(options.rpc, consortium.chainId);
      try {
        const wallet = new Wallet(toHex(readAccountKey(options.key)), provider);
        const abi = deviceRegistryAbi as unknown as InterfaceAbi;
        const contract = new Contract(consortium.contracts.DeviceRegistry, abi, wallet);
        const args = [found.device, found.first, found.second];
        const [receipt] = await sendActs(wallet, [{ contract, method: "proveEquivocation", args }]);
        const { sequence, key, contents } = found;
        if (options.json) printJson({ device: accused, key, sequence, contents, transaction: receipt?.hash });
        else console.log(`Key ${key} of ${accused} is marked from sequence ${sequence} on (${receipt?.hash ?? ""}).`);
      } finally {
        provider.destroy();
      }
    });
}

interface Options {
  readonly rpc: string;
  readonly trust: string;
  readonly key: string;
  readonly json?: boolean;
}
