import { expect } from "chai";
import { dataTime, toAge } from "../../apps/console/fleet/age.ts";
import { anchoringOf } from "../../apps/console/fleet/anchoring.ts";
import { filterDevices, orderDevices } from "../../apps/console/fleet/order-devices.ts";
import { readDevices, type FleetDevice } from "../../apps/console/fleet/read-devices.ts";

const id = (digit: string): string => `0x${digit.repeat(64)}`;

const device = (digit: string, said: Partial<FleetDevice> = {}): FleetDevice => ({
  id: id(digit),
  model: "monitor@1",
  state: "active",
  sequence: 10,
  acceptedAt: 1_000,
  until: null,
  sealedSequence: null,
  anchoredSequence: 10,
  twins: 1,
  unwatched: false,
  ...said,
});

describe("the age of data", () => {
  const cases: [number, string][] = [
    [-400, "0 s"], // the page's clock may be a moment behind
    [999, "0 s"],
    [3_000, "3 s"],
    [59_999, "59 s"],
    [60_000, "1 min 00 s"],
    [250_000, "4 min 10 s"],
    [3_600_000, "1 h 00 min"],
    [7_500_000, "2 h 05 min"],
    [86_400_000, "1 d 0 h"],
    [3 * 86_400_000 + 4 * 3_600_000, "3 d 4 h"],
  ];
  for (const [age, words] of cases) it(`${age} ms is ${words}`, () => expect(toAge(age)).to.equal(words));
});

describe("when data is from", () => {
  const cases: [number | null, number | null, number | null][] = [
    [5_000, 4_000, 4_000],
    [5_000, 900, 900],
    [5_000, 9_000, 5_000], // a device's clock ahead makes nothing younger
    [5_000, null, 5_000],
    [null, null, null],
  ];
  for (const [acceptedAt, until, from] of cases)
    it(`accepted ${acceptedAt}, measured until ${until}: ${from}`, () =>
      expect(dataTime({ acceptedAt, until })).to.equal(from));
});

describe("how far the last reading has come", () => {
  it("has no place on the road before the first one", () => {
    expect(anchoringOf(device("a", { sequence: 0, anchoredSequence: 0 }))).to.equal("none");
  });
  it("is accepted, sealed, then anchored", () => {
    expect(anchoringOf(device("a", { anchoredSequence: 9, sealedSequence: 9 }))).to.equal("accepted");
    expect(anchoringOf(device("a", { anchoredSequence: 9, sealedSequence: 10 }))).to.equal("sealed");
    expect(anchoringOf(device("a", { anchoredSequence: 10, sealedSequence: 10 }))).to.equal("anchored");
  });
  it("is only accepted where the server does not tell what is sealed", () => {
    expect(anchoringOf(device("a", { anchoredSequence: 9 }))).to.equal("accepted");
  });
});

describe("the answer of GET /v1/devices", () => {
  it("is read as it is", () => {
    const answer = { at: 2_000, devices: [device("a"), device("b", { model: null, acceptedAt: null })] };
    expect(readDevices(answer)).to.deep.equal(answer);
  });
  const wrong: [string, unknown, string][] = [
    ["no object", [], "no list"],
    ["no time", { devices: [] }, "at is"],
    ["an id in upper case", { at: 1, devices: [device("A")] }, "devices[0].id"],
    ["a state from elsewhere", { at: 1, devices: [{ ...device("a"), state: "fine" }] }, "devices[0].state"],
    [
      "no word on who is watched",
      { at: 1, devices: [{ ...device("a"), unwatched: undefined }] },
      "devices[0].unwatched",
    ],
    ["a sequence below zero", { at: 1, devices: [device("a"), device("b", { sequence: -1 })] }, "devices[1].sequence"],
  ];
  for (const [name, answer, place] of wrong) {
    it(`with ${name} is refused whole, with the place`, () => expect(() => readDevices(answer)).to.throw(place));
  }
});

describe("the order of the fleet", () => {
  const fleet = [
    device("c"),
    device("a"),
    device("b", { state: "quarantined", acceptedAt: null }),
    device("d", { state: "suspect", acceptedAt: 5_000 }),
  ];
  const ids = (devices: readonly FleetDevice[]): string => devices.map((one) => one.id.charAt(2)).join("");

  it("by state: who needs a person first; ties by id, so that rows stay", () => {
    expect(ids(orderDevices(fleet, { column: "state", descending: false }))).to.equal("bdac");
  });
  it("by age: youngest first, never heard of last", () => {
    expect(ids(orderDevices(fleet, { column: "age", descending: false }))).to.equal("dacb");
    expect(ids(orderDevices(fleet, { column: "age", descending: true }))).to.equal("bacd");
    // Old data that came just now is old.
    const late = device("e", { acceptedAt: 9_000, until: 500 });
    expect(ids(orderDevices([...fleet, late], { column: "age", descending: false }))).to.equal("daceb");
  });
  it("is narrowed by id, model or state", () => {
    expect(ids(filterDevices(fleet, " SUSP "))).to.equal("d");
    expect(ids(filterDevices(fleet, "0xcc"))).to.equal("c");
    expect(filterDevices(fleet, "monitor")).to.have.length(4);
    const unwatched = [device("e", { unwatched: true }), device("f", { unwatched: true, state: "retired" })];
    expect(ids(filterDevices([...fleet, ...unwatched], "unwatched"))).to.equal("e");
  });
});
