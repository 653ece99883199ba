import { expect } from "chai";
import fc from "fast-check";
import { toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { askedSequence, NO_HEAD, order, type Head, type Order, type Ordered } from "../../../server/gateway/order.ts";

const content = (n: number): Hex => sha256Hex(`content ${n}`);
/** Accepted so far: 1, 2, 5 (3 and 4 were declared lost). */
const accepted = new Map([1, 2, 5].map((n) => [n, content(n)]));
const head: Head = { sequence: 5, content: content(5) };
const at = (sequence: number): Hex | undefined => accepted.get(sequence);
const reading = (sequence: number, gap: number, prev: Hex, own = content(sequence)): Ordered => ({
  sequence,
  gap,
  prev,
  content: own,
});

describe("gateway: order", () => {
  const table: [string, Head, Ordered, Order][] = [
    ["the first, with zeros", NO_HEAD, reading(1, 0, ZERO_32), "accept"],
    ["the first, with another prev", NO_HEAD, reading(1, 0, content(9)), "mismatch"],
    ["a later one first", NO_HEAD, reading(2, 0, content(1)), "hold"],
    ["a first one that declares all before it lost", NO_HEAD, reading(7, 6, ZERO_32), "accept"],
    ["the next", head, reading(6, 0, content(5)), "accept"],
    ["the next, chained to another", head, reading(6, 0, content(2)), "mismatch"],
    ["the next, with zeros and no gap", head, reading(6, 0, ZERO_32), "mismatch"],
    ["one too far", head, reading(7, 0, content(6)), "hold"],
    ["one after a gap, chained to the last", head, reading(8, 2, content(5)), "accept"],
    ["one after a gap, with zeros", head, reading(8, 2, ZERO_32), "accept"],
    ["one after a gap, chained to another", head, reading(8, 2, content(1)), "mismatch"],
    ["one after a gap that is too small", head, reading(8, 1, content(6)), "hold"],
    ["a counter lost: everything before is a gap", head, reading(9, 8, ZERO_32), "accept"],
    ["a counter lost, with a prev", head, reading(9, 8, content(5)), "mismatch"],
    ["a gap over accepted ones, chained to an older one", head, reading(6, 3, content(2)), "accept"],
    ["a gap that ends in a gap", head, reading(6, 1, content(4)), "mismatch"],
    ["the last again", head, reading(5, 2, content(2)), "same"],
    ["an older one again", head, reading(1, 0, ZERO_32), "same"],
    ["another one at an accepted sequence", head, reading(2, 0, content(1), content(77)), "conflict"],
    ["one that was declared lost", head, reading(3, 0, content(2)), "inGap"],
  ];
  for (const [name, from, input, expected] of table) {
    it(`${name}: ${expected}`, () => expect(order(from, input, at)).to.equal(expected));
  }

  it("asks for no content but those announced", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(11), fc.boolean(), (sequence, lost, zeros) => {
        const gap = Math.min(lost, sequence - 1);
        const input = reading(sequence, gap, zeros ? ZERO_32 : content(5));
        const asked = new Set<number>();
        order(head, input, (n) => (asked.add(n), at(n)));
        const announced = [head.sequence, askedSequence(head, input)];
        for (const n of asked) expect(announced).to.include(n);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  /**
   * The gateway in small: a held reading waits until it can be placed. Any interleaving and duplication of a device's readings
   * must end with the same accepted chain.
   */
  it("accepts the same chain from any interleaving and duplication", () => {
    const chain = fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }).map((gaps) => {
      let sequence = 0;
      let prev: Hex = ZERO_32;
      return gaps.map((gap) => {
        sequence += gap + 1;
        const own = toHex(Buffer.alloc(32, sequence));
        const made: Ordered = { sequence, gap, prev, content: own };
        prev = own;
        return made;
      });
    });
    const sent = chain.chain((readings) =>
      fc
        .shuffledSubarray([...readings, ...readings, ...readings], { minLength: readings.length * 3 })
        .map((shuffled) => ({ readings, shuffled })),
    );
    fc.assert(
      fc.property(sent, ({ readings, shuffled }) => {
        const known = new Map<number, Hex>();
        let last: Head = NO_HEAD;
        let waiting: Ordered[] = [];
        for (const arrived of shuffled) {
          waiting.push(arrived);
          for (let moved = true; moved;) {
            moved = false;
            for (const each of [...waiting].sort((a, b) => a.sequence - b.sequence)) {
              const found = order(last, each, (n) => known.get(n));
              if (found === "hold") continue;
              expect(found).to.be.oneOf(["accept", "same"]);
              waiting = waiting.filter((other) => other !== each);
              if (found !== "accept") continue;
              known.set(each.sequence, each.content);
              last = { sequence: each.sequence, content: each.content };
              moved = true;
            }
          }
        }
        expect(waiting).to.deep.equal([]);
        expect([...known.keys()]).to.deep.equal(readings.map(({ sequence }) => sequence));
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});
