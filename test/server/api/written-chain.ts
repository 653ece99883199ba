import { JsonRpcProvider } from "ethers";
import { toHex, utf8, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { Consortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { publicKeyOf } from "../../../protocol/es256.ts";
import { sha256 } from "../../../protocol/hash.ts";
import { ALL_CONTRACTS, type ContractName } from "../../../protocol/words.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { ChainState } from "../../../server/chain/state.ts";
import type { Block, Chain, ChainView } from "../../../server/chain/view.ts";

/** 32 bytes (or fewer) that a name decides. */
export const named = (name: string, size = 32): Hex => toHex(sha256(utf8(name)).subarray(0, size));

/** A consortium whose contracts are only addresses: its events are written by hand and folded by the real fold. */
export function writtenConsortium(member: Hex, gatewayKey: Uint8Array, oracles: readonly Hex[]): Consortium {
  const contracts = Object.fromEntries(ALL_CONTRACTS.map((name) => [name, named(name, 20)])) as Consortium["contracts"];
  return {
    format: "consortium@1",
    name: "A ward on paper",
    chainId: 31337,
    genesis: named("genesis"),
    contracts,
    members: [
      {
        name: "North",
        endpoint: "https://north.example",
        signer: member,
        gateways: [{ group: named("group", 20), ...publicKeyOf(gatewayKey) }],
        oracles,
      },
    ],
  };
}

/** A chain that does what it is told, event by event, encoded as the contracts would. */
export class WrittenChain {
  readonly consortium: Consortium;
  readonly #state: ChainState;
  #block: Block;
  #logs = 0;
  /** Set while the node "does not answer". */
  silent = false;

  /** `timestamp` of the first block, seconds. */
  constructor(consortium: Consortium, timestamp: number) {
    this.consortium = consortium;
    this.#state = new ChainState(consortium.contracts);
    this.#block = { number: 1, hash: named("block 1"), timestamp };
    const [member] = consortium.members;
    const [gateway] = member?.gateways ?? [];
    if (member)
      this.emit("MemberRegistry", "MemberAdded", [0, member.name, member.endpoint, member.signer, ZERO_32, ZERO_32]);
    if (gateway) this.emit("MemberRegistry", "GatewayGroupAdded", [gateway.group, 0, gateway.x, gateway.y, []]);
    member?.oracles.forEach((key, bit) => this.emit("MemberRegistry", "OracleAdded", [key, 0, bit]));
  }

  emit(contract: ContractName, event: string, values: readonly unknown[]): Hex {
    const { topics, data } = interfaces[contract].encodeEventLog(event, values as unknown[]);
    const transaction = named(`transaction ${++this.#logs}`);
    const known = this.#state.apply({
      block: this.#block,
      logIndex: this.#logs,
      address: this.consortium.contracts[contract] ?? named(contract, 20),
      topics: topics as Hex[],
      data: data as Hex,
      transaction,
    });
    if (!known) throw new Error(`${contract} has no event ${event}`);
    return transaction;
  }

  mine(seconds = 1): void {
    const number = this.#block.number + 1;
    this.#block = { number, hash: named(`block ${number}`), timestamp: this.#block.timestamp + seconds };
  }

  view = (): ChainView => this.#state.view(this.#block);

  /** The whole of what rooms may ask of a chain; there is no node behind it. */
  asChain = (): Chain => {
    return {
      provider: new JsonRpcProvider("http://127.0.0.1:1", 31337, { staticNetwork: true }),
      consortium: this.consortium,
      view: this.view,
      fresh: this.fresh,
      time: () => this.#block.timestamp,
      onChange: () => () => undefined,
      waitFor: this.fresh,
      close: async () => undefined,
    };
  };

  fresh = async (): Promise<ChainView> => {
    if (this.silent) throw new TwinwardError("CHAIN_UNAVAILABLE");
    return this.view();
  };
}
