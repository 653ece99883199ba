import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Wallet } from "ethers";
import { toHex, utf8, type Hex } from "../../protocol/bytes.ts";
import { parseConsortium, type Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { publicKeyOf } from "../../protocol/es256.ts";
import { deployConsortium } from "../chain/deploy.ts";
import { readHeader } from "../chain/blocks.ts";
import { writeDurably } from "../store/write-durably.ts";
import { readConsortiumFile, type OpenedChain } from "./open-directory.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { ServerKeys } from "./server-keys.ts";

const addressOf = (key: Uint8Array): Hex => new Wallet(toHex(key)).address.toLowerCase() as Hex;

/**
 * The consortium of this set-up. At the first start its contracts are deployed, with this machine as the one member; a kill
 * in between is repaired by the next start, which finds what is deployed already. Throws CHAIN_DIFFERS when DATA and the
 * chain do not belong together.
 */
export async function foundConsortium(
  data: DataDirectory,
  chain: OpenedChain,
  keys: ServerKeys,
  endpoint: string,
): Promise<Consortium> {
  const known = readConsortiumFile(data);
  if (known !== undefined) {
    await requireSameChain(known, chain);
    // The door's port may change between two starts; what the consortium is does not.
    await rm(data.endpoint, { force: true }); // left where we died just after consortium.json was written
    // JSON leaves out what is undefined: an earlier start's node is not told of where this one's must not be.
    return parseConsortium(JSON.stringify({ ...known, rpc: chain.url }));
  }
  const decided = await decideEndpoint(data, endpoint);
  const sender = addressOf(keys.sender);
  const consortium = await deployConsortium({
    provider: chain.provider,
    deployer: new Wallet(toHex(keys.deployer)),
    name: "one machine",
    members: [
      { name: "one machine", endpoint: decided, signer: addressOf(keys.member), commandKey: publicKeyOf(keys.command) },
    ],
    groups: [{ group: sender, member: 0, ...publicKeyOf(keys.gateway), senders: [sender] }],
    oracles: keys.oracles.map((key) => ({ member: 0, key: addressOf(key) })),
    appointments: [
      ...(["pauser", "resumer", "appointer"] as const).map((role) => ({ role, account: addressOf(keys.member) })),
      ...keys.holders.map((key) => ({ role: "holder" as const, account: addressOf(key) })),
      { role: "reviewer", account: addressOf(keys.reviewer) },
    ],
    ...(chain.url === undefined ? {} : { rpc: chain.url }),
  });
  await writeDurably(data.consortium, utf8(`${JSON.stringify(consortium, null, 2)}\n`));
  await rm(data.endpoint, { force: true });
  return consortium;
}

/**
 * The endpoint stands in what is deployed, and the start that finishes a killed one may have another port: so it is on disk
 * before the first transaction, and kept until consortium.json says it.
 */
async function decideEndpoint(data: DataDirectory, endpoint: string): Promise<string> {
  if (existsSync(data.endpoint)) return readFileSync(data.endpoint, "utf8");
  await writeDurably(data.endpoint, utf8(endpoint));
  return endpoint;
}

async function requireSameChain({ genesis, contracts }: Consortium, chain: OpenedChain): Promise<void> {
  const zero = await readHeader(chain.provider, 0);
  if (zero?.hash !== genesis)
    throw new TwinwardError("CHAIN_DIFFERS", { detail: "The chain has another genesis than consortium.json names." });
  if ((await chain.provider.getCode(contracts.MemberRegistry)) === "0x") {
    throw new TwinwardError("CHAIN_DIFFERS", {
      detail: "The chain has no contracts where consortium.json names them.",
    });
  }
}
