import type { ErrorCode } from "../../protocol/errors.ts";
import { rpc } from "../server/chain/ask.ts";
import { startBareAnvil } from "./bare-anvil.ts";
import { HONEST, startFaultyNode } from "./faulty-node.ts";

/** A chain behind one URL that can be cut off, or stand still. */
export interface StoppableChain {
  readonly url: string;
  cut(isCut: boolean): void;
  /** Seconds between blocks; none are made with 0. */
  mineEvery(seconds: number): Promise<void>;
  close(): Promise<void>;
}

/** What can befall it, by what code a server says so, and how that begins and ends. */
export const STOPS: readonly {
  readonly what: string;
  readonly code: ErrorCode;
  readonly stop: (chain: StoppableChain) => unknown;
  readonly goOn: (chain: StoppableChain) => unknown;
}[] = [
  { what: "is cut", code: "CHAIN_UNAVAILABLE", stop: (chain) => chain.cut(true), goOn: (chain) => chain.cut(false) },
  {
    what: "stands still",
    code: "CHAIN_STALE",
    stop: (chain) => chain.mineEvery(0),
    goOn: (chain) => chain.mineEvery(1),
  },
];

/** Starts one that makes a block every second. */
export async function startStoppableChain(): Promise<StoppableChain> {
  const anvil = await startBareAnvil();
  const node = await startFaultyNode(anvil.url);
  const chain: StoppableChain = {
    url: node.url,
    cut: (isCut) => void (node.behaviour = isCut ? async () => "cut" : HONEST),
    mineEvery: async (seconds) => void (await rpc(anvil.url, "evm_setIntervalMining", seconds)),
    close: async () => {
      await node.close();
      await anvil.close();
    },
  };
  await chain.mineEvery(1);
  return chain;
}
