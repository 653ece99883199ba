import { expect } from "chai";
import fc from "fast-check";
import type { EventFragment, ParamType } from "ethers";
import type { Hex } from "../../../protocol/bytes.ts";
import { ALL_CONTRACTS, type ContractName } from "../../../protocol/words.ts";
import type { ChainEvent } from "../../../server/chain/event.ts";
import { interfaces } from "../../../server/chain/interfaces.ts";
import { ChainState } from "../../../server/chain/state.ts";
import type { Block } from "../../../server/chain/view.ts";

const addressFor = (n: number): Hex => `0x${(n + 1).toString(16).padStart(40, "0")}`;
const contracts = Object.fromEntries(ALL_CONTRACTS.map((name, n) => [name, addressFor(n)])) as Record<
  ContractName,
  Hex
>;

/** Bitmaps: every bit may be set. All other numbers of 64 bits are counts and sequences, which the contracts bound to 2^53 - 1. */
const BITMAPS: readonly string[] = ["segments", "commands", "terms", "nonce"];

/** Few ids, so that events meet in one device, twin or grant. */
const words = fc.integer({ min: 0, max: 3 }).map((n) => `0x${n.toString(16).padStart(64, "0")}`);

function valueOf(type: ParamType): fc.Arbitrary<unknown> {
  if (type.baseType === "tuple") return fc.tuple(...(type.components ?? []).map(valueOf));
  if (type.baseType === "array") return fc.array(valueOf(type.arrayChildren as ParamType), { maxLength: 4 });
  if (type.type === "bytes32") return words;
  if (type.type === "address") return fc.integer({ min: 0, max: 3 }).map(addressFor);
  if (type.type === "bool") return fc.boolean();
  if (type.type === "bytes" || type.type === "bytes4") return fc.constant(type.type === "bytes" ? "0x" : "0x00000000");
  if (type.type === "string") return fc.string({ unit: "binary" });
  const bits = /^uint(\d+)$/.exec(type.type)?.[1];
  if (bits === undefined) throw new Error(`no values for ${type.type}`);
  const most = 2n ** BigInt(bits) - 1n;
  const isBounded = !BITMAPS.includes(type.name) && most > BigInt(Number.MAX_SAFE_INTEGER);
  return fc.oneof(
    fc.bigInt({ min: 0n, max: isBounded ? BigInt(Number.MAX_SAFE_INTEGER) : most }),
    fc.constantFrom(0n, 1n, 2n, isBounded ? BigInt(Number.MAX_SAFE_INTEGER) : most),
  );
}

const block: Block = { number: 7, hash: `0x${"07".repeat(32)}`, timestamp: 1_790_000_000 };

const events: fc.Arbitrary<ChainEvent> = fc.oneof(
  ...ALL_CONTRACTS.flatMap((contract) => {
    const fragments: EventFragment[] = [];
    interfaces[contract].forEachEvent((fragment) => void fragments.push(fragment));
    return fragments.map((fragment) =>
      fc.tuple(...fragment.inputs.map(valueOf)).map((values): ChainEvent => {
        const { topics, data } = interfaces[contract].encodeEventLog(fragment, values);
        const transaction: Hex = `0x${"08".repeat(32)}`;
        return {
          block,
          logIndex: 0,
          address: contracts[contract],
          topics: topics as Hex[],
          data: data as Hex,
          transaction,
        };
      }),
    );
  }),
);

describe("the fold of chain events", () => {
  it("takes whatever our contracts can emit, in any order, whoever caused it", () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 30 }), (emitted) => {
        const state = new ChainState(contracts);
        for (const event of emitted) state.apply(event);
        const view = state.view(block);
        for (const { id } of view.devices()) {
          view.keyAt(id, 5);
          view.assignmentAt(id, 5);
          view.securityTwin(id);
          for (const twin of view.twinsOf(id)) view.grantsOf(twin.id);
        }
        for (const { id } of view.streams()) expect(view.anchors(id)).to.have.length(view.streamSize(id));
      }),
      { numRuns: 500, seed: 42 },
    );
  });

  it("adds to a long list at the price of a short one, and leaves earlier views as they were", () => {
    const state = new ChainState(contracts);
    const id = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
    const create = (n: number): void => {
      const fragment = interfaces.TwinRegistry.getEvent("TwinCreated") as EventFragment;
      const { topics, data } = interfaces.TwinRegistry.encodeEventLog(fragment, [
        id(n),
        id(0),
        id(0),
        id(9),
        1,
        0,
        true,
      ]);
      state.apply({
        block,
        logIndex: 0,
        address: contracts.TwinRegistry,
        topics: topics as Hex[],
        data: data as Hex,
        transaction: id(1),
      });
    };
    create(1);
    const early = state.view(block);
    for (let n = 2; n <= 5_000; n++) create(n);
    expect(early.twinsOf(id(0)).map((twin) => twin.id)).to.deep.equal([id(1)]);
    expect(state.view(block).twinsOf(id(0))).to.have.length(5_000);
  });
});
