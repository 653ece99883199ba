import type { Hex } from "../../protocol/bytes.ts";
import type { Contracts } from "../../protocol/consortium.ts";
import { ALL_CONTRACTS, type ContractName } from "../../protocol/words.ts";
import { interfaces } from "./interfaces.ts";
import type { Block } from "./view.ts";

/** A log of one of our contracts, as the chain gave it. */
export interface ChainEvent {
  readonly block: Block;
  readonly logIndex: number;
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly transaction: Hex;
}

/** An event with its parameters by name: bytes and addresses as lower-case hex, integers as bigint. */
export interface ReadEvent {
  readonly contract: ContractName;
  readonly name: string;
  hex(parameter: string): Hex;
  big(parameter: string): bigint;
  /** Throws RangeError when it is no safe integer. */
  int(parameter: string): number;
  text(parameter: string): string;
  list(parameter: string): readonly string[];
  flag(parameter: string): boolean;
  /** The members of a struct. */
  struct(parameter: string): Omit<ReadEvent, "contract" | "name">;
}

/** Reads an event by its contract's ABI; undefined for a contract or an event that is not ours. */
export function readEvent(contracts: Contracts, event: ChainEvent): ReadEvent | undefined {
  const contract = ALL_CONTRACTS.find((name) => contracts[name] === event.address);
  if (contract === undefined) return undefined;
  const log = interfaces[contract].parseLog({ topics: event.topics, data: event.data });
  if (log === null) return undefined;
  return { contract, name: log.name, ...readers(log.args) };
}

interface Values {
  getValue(name: string): unknown;
}

function readers(values: Values): Omit<ReadEvent, "contract" | "name"> {
  const text = (name: string): string => String(values.getValue(name));
  const big = (name: string): bigint => BigInt(text(name));
  return {
    text,
    big,
    hex: (name) => text(name).toLowerCase() as Hex,
    int: (name) => safe(big(name)),
    flag: (name) => values.getValue(name) === true,
    list: (name) => [...(values.getValue(name) as Iterable<string>)],
    struct: (name) => readers(values.getValue(name) as Values),
  };
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is not a safe integer`);
  return number;
}
