import { expect } from "chai";
import { readFileSync } from "node:fs";
import {
  equivocationDigest,
  findEquivocation,
  TwinwardError,
  type Equivocation,
  type Hex,
  type KeyHistory,
} from "../../protocol/index.ts";
import { P256_N } from "../../protocol/es256.ts";
import { fromBase64url, toBase64url, toHex, u256be } from "../../protocol/bytes.ts";

const load = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")) as T;

interface Vector {
  readonly device: Hex;
  readonly sequence: number;
  readonly contents: [Hex, Hex];
  readonly digest: Hex;
  readonly first: { reading: string; input: Hex; r: Hex; s: Hex };
  readonly second: { reading: string; input: Hex; r: Hex; s: Hex };
}

/** The same reading under N − s: it must not count as another one. */
function otherForm(reading: string): string {
  const [head = "", body = "", sealed = ""] = reading.slice(0, -1).split(".");
  const bytes = fromBase64url(sealed);
  const s = u256be(P256_N - BigInt(toHex(bytes.subarray(32))));
  return `${head}.${body}.${toBase64url(new Uint8Array([...bytes.subarray(0, 32), ...s]))}~`;
}

describe("findEquivocation", () => {
  const vector = load<Vector>("equivocation");
  const { key, readings } = load<{ key: { x: Hex; y: Hex }; readings: { reading: string }[] }>("reading");
  const [one, two] = [vector.first.reading, vector.second.reading];
  const history: KeyHistory = {
    device: vector.device,
    steward: `0x${"11".repeat(20)}`,
    keys: [{ number: 1, x: key.x, y: key.y, from: 1, until: null, marks: [] }],
  };

  const refusal = (first: string, second: string, by = history): string => {
    try {
      findEquivocation(first, second, by);
    } catch (error) {
      if (error instanceof TwinwardError && error.code === "EQUIVOCATION_UNFOUNDED") return String(error.facts.detail);
      throw error;
    }
    return "convicted";
  };

  it("convicts nobody by one content, however it is signed or disclosed", () => {
    const shown = readings[1]?.reading ?? "";
    for (const same of [one, otherForm(one), shown]) expect(refusal(one, same)).to.match(/one content twice/);
  });

  it("convicts nobody by two sequences, two devices, or a key that is not valid there", () => {
    expect(refusal(one, readings[0]?.reading ?? "")).to.match(/sequences are/);
    expect(refusal(one, two, { ...history, device: `0x${"22".repeat(32)}` })).to.match(/not of one device/);
    const later = history.keys.map((each) => ({ ...each, from: vector.sequence + 1 }));
    expect(refusal(one, two, { ...history, keys: later })).to.match(/has no key at/);
    const renamed = history.keys.map((each) => ({ ...each, number: 2 }));
    expect(refusal(one, two, { ...history, keys: renamed })).to.match(/not signed by key 2/);
  });

  it("convicts nobody by a signature of somebody else", () => {
    const sealed = two.slice(0, -1).split(".")[2] ?? "";
    const forged = `${two.slice(0, -1).split(".").slice(0, 2).join(".")}.${sealed.replace(/^./, (c) => (c === "A" ? "B" : "A"))}~`;
    expect(refusal(one, forged)).to.match(/not signed by key 1/);
    expect(refusal(forged, one)).to.match(/not signed by key 1/);
  });

  it("gives what the contract takes, and the digest that it gives as the reason", () => {
    const found: Equivocation = findEquivocation(one, otherForm(two), history);
    expect(found.contents).to.deep.equal(vector.contents);
    expect(found.digest).to.equal(vector.digest);
    const { input, r, s } = vector.first;
    expect(found.first).to.deep.equal({ input, r, s });
    expect(found.second.input).to.equal(vector.second.input);
    expect(equivocationDigest(vector.device, vector.sequence, vector.contents)).to.equal(vector.digest);
    expect(findEquivocation(two, one, history).digest).to.equal(vector.digest);
  });
});
