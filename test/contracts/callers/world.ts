// Who there is, and the contracts that they call: each call is tried, none is sent.
import { ContractFactory, getBytes, isError, sha256, Signature, Wallet, type Provider } from "ethers";
import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { Contracts } from "../../../protocol/consortium.ts";
import { publicKeyOf, type PublicKey } from "../../../protocol/es256.ts";
import { ALL_CONTRACTS, type ContractName } from "../../../protocol/words.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { domainOf, typesOf, type Typed } from "../typed-data.ts";

export const CHAIN_ID = 31337;

/**
 * Everybody, and the contracts themselves. `former` was the device's steward before `steward`, `neighbour` is another device's;
 * `departed` was a member's signer, sender and oracle until that member left.
 */
export const CAST = [
  ...["deployer", "steward", "former", "neighbour", "offered", "subject", "guardian", "reader", "sender", "oracle0"],
  ...["signer", "departed", "stranger", "admin", "pauser", "resumer", "appointer", "holder", "reviewer"],
  ...ALL_CONTRACTS,
] as const;
export type Caller = (typeof CAST)[number];

/** What everybody gets but those named: the word of the refusal, or `done`. */
export interface Row {
  readonly args: readonly unknown[];
  readonly others: string;
  readonly but?: Partial<Record<Caller, string>>;
  /** Another contract of this kind, where the world's own is past the point or has not come to it. */
  readonly at?: Hex;
  /** Why nobody of the cast can be seen to succeed. */
  readonly never?: string;
}

export const digestOf = (word: string): Hex => sha256(new TextEncoder().encode(word)) as Hex;
export const walletOf = (name: string): Wallet => new Wallet(digestOf(`callers/${name}`));
export const addressOf = (name: string): Hex => walletOf(name).address.toLowerCase() as Hex;

export const secretOf = (name: string): Uint8Array => getBytes(digestOf(`callers/p256/${name}`));
export const keyOf = (name: string): PublicKey => publicKeyOf(secretOf(name));

type Pair = readonly [r: string, vs: string];

export class World {
  readonly contracts: Partial<Contracts> = {};
  readonly provider: Provider;
  readonly #request: (method: string, ...params: unknown[]) => Promise<unknown>;

  constructor(provider: Provider, request: (method: string, ...params: unknown[]) => Promise<unknown>) {
    this.provider = provider;
    this.#request = request;
  }

  at(name: ContractName): Hex {
    return this.contracts[name] ?? ZERO_32;
  }

  /** Seconds, of the last block. */
  async now(): Promise<number> {
    return (await this.provider.getBlock("latest"))?.timestamp ?? 0;
  }

  async wait(seconds: number): Promise<void> {
    await this.#request("evm_increaseTime", seconds);
    await this.#request("evm_mine");
  }

  /** The address of another contract of this kind. */
  async deployAnother(name: ContractName, bytecode: string, ...args: unknown[]): Promise<Hex> {
    const deployer = walletOf("deployer").connect(this.provider);
    const contract = await new ContractFactory(interfaces[name], bytecode, deployer).deploy(...args);
    await contract.waitForDeployment();
    return (await contract.getAddress()).toLowerCase() as Hex;
  }

  async deploy(name: ContractName, bytecode: string, ...args: unknown[]): Promise<void> {
    Object.assign(this.contracts, { [name]: await this.deployAnother(name, bytecode, ...args) });
  }

  async send(who: string, name: ContractName, method: string, ...args: unknown[]): Promise<void> {
    await this.sendTo(this.at(name), who, name, method, ...args);
  }

  async sendTo(to: Hex, who: string, name: ContractName, method: string, ...args: unknown[]): Promise<void> {
    const data = interfaces[name].encodeFunctionData(method, args);
    const sent = await walletOf(who).connect(this.provider).sendTransaction({ to, data });
    await sent.wait();
  }

  /** What a view of one word answers. */
  async ask(name: ContractName, method: string): Promise<Hex> {
    return (await this.provider.call({ to: this.at(name), data: interfaces[name].encodeFunctionData(method) })) as Hex;
  }

  /** 65 bytes, as a person signs. */
  async sign(who: string, contract: ContractName, type: Typed, said: object): Promise<string> {
    const domain = domainOf(contract, CHAIN_ID, this.at(contract));
    return walletOf(who).signTypedData(domain, typesOf(type), said as Record<string, unknown>);
  }

  /** ERC-2098, in the order of the names, as a quorum signs. */
  async signEach(names: readonly string[], contract: ContractName, type: Typed, said: object): Promise<Pair[]> {
    const signed = await Promise.all(names.map((name) => this.sign(name, contract, type, said)));
    return signed.map((one) => {
      const { r, yParityAndS } = Signature.from(one);
      return [r, yParityAndS] as const;
    });
  }

  /** `done`, or the name of the error that the call is refused with; `no word` where it says none. */
  async outcome(caller: Caller, name: ContractName, method: string, { args, at }: Row): Promise<string> {
    const from = caller in this.contracts ? this.at(caller as ContractName) : addressOf(caller);
    const data = interfaces[name].encodeFunctionData(method, args as unknown[]);
    try {
      await this.provider.call({ from, to: at ?? this.at(name), data });
      return "done";
    } catch (error) {
      const revert = isError(error, "CALL_EXCEPTION") ? error.data : (error as { data?: string }).data;
      // As of a contract that asks its caller something which only contracts of ours answer.
      if (revert === "0x") return "no word";
      for (const one of ALL_CONTRACTS) {
        const known = revert ? interfaces[one].parseError(revert) : null;
        if (known) return known.name;
      }
      throw error;
    }
  }
}
