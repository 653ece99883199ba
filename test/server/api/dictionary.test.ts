import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { toBase64url, toHex, utf8, type Hex } from "../../../protocol/bytes.ts";
import { sha256 } from "../../../protocol/hash.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import { buildRecord, type DecisionRecord } from "../../../protocol/record.ts";
import { LEAF_KINDS, PURPOSES, purposesMask } from "../../../protocol/words.ts";
import { openFrontDoor, WrittenDevice } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const HEART = 0b0001n;
const ALL = 0b1111n;
const NO_SALT = new Uint8Array(16);

/**
 * A reader of one segment knows nearly everything of the others: names, units, times, and a few hundred values that a patient can
 * have; and of the decision beside its reading all but who asked for what. Only the salts are missing.
 */
describe("a dictionary attack by a reader of one segment", () => {
  it("finds neither a hidden segment nor who else has read", async () => {
    expect(await attack(randomBytes)).to.deep.equal({ hidden: [], decisions: [] });
  });

  it("finds all of it where there are no salts, which proves the attack", async () => {
    const { hidden, decisions } = await attack((size) => NO_SALT.slice(0, size));
    expect(hidden).to.deep.equal(["resp", "spo2", "temp"]);
    expect(decisions).to.deep.equal(["care by the clinician"]);
  });
});

async function attack(salt: (size: number) => Uint8Array): Promise<{ hidden: string[]; decisions: string[] }> {
  const door = await openFrontDoor(START, { salt });
  try {
    const device = new WrittenDevice(door, named("steward", 20));
    const [whole, part] = [device.createTwin("whole", ALL), device.createTwin("part", HEART)];
    const given = { from: START - 10, until: START + 1_000, purposes: purposesMask(PURPOSES) };
    const clinician = door.reader;
    const attacker = door.oracle;
    const grant = device.grant(whole, clinician.address, { ...given, segments: ALL });
    device.grant(part, attacker.address, { ...given, segments: HEART });

    // The leaf beside the reading's is the decision on the clinician's look at it.
    await clinician.client.postReadings([await device.read()]);
    await clinician.client.history(whole, { purpose: "care" });
    const { number, hash, timestamp } = door.chain.view().head;
    await door.anchor();
    const [shown] = (await attacker.client.history(part, { purpose: "maintenance", receipts: true })).readings;
    if (!shown?.receipt) return expect.fail("the attacker has a receipt");
    const [beside = "0x"] = shown.receipt.path;

    const suspects = { "the clinician": clinician.address, "somebody else": named("somebody", 20) };
    const about = { twin: whole, device: device.id, grant, stream: door.stream, block: { number, hash, timestamp } };
    return {
      hidden: guessSegments(shown.reading),
      decisions: guessDecisions(beside, suspects, about, door.clock.ms),
    };
  } finally {
    await door.close();
  }
}

/** Which hidden segments have a digest that some guess meets. */
function guessSegments(presentation: string): string[] {
  const payload = JSON.parse(Buffer.from(presentation.split(".")[1] ?? "", "base64url").toString()) as {
    _sd: string[];
  };
  const seen = parsePresentation(presentation).disclosures.map(({ encoded }) => digestOf(encoded));
  const hidden = new Set(payload._sd.filter((digest) => !seen.includes(digest)));
  expect(hidden.size).to.equal(3);
  const units = { resp: "/min", spo2: "%", temp: "Cel" };
  return Object.entries(units).flatMap(([name, unit]) => {
    for (let value = 0; value <= 300; value++) {
      const text = JSON.stringify([toBase64url(NO_SALT), name, { u: unit, t: [0, 500], v: [value, value + 1] }]);
      if (hidden.has(digestOf(toBase64url(utf8(text))))) return [name];
    }
    return [];
  });
}

const digestOf = (encoded: string): string => toBase64url(sha256(utf8(encoded)));

function guessDecisions(
  leaf: Hex,
  suspects: Readonly<Record<string, Hex>>,
  {
    twin,
    device,
    grant,
    stream,
    block,
  }: { twin: Hex; device: Hex; grant: Hex; stream: Hex; block: DecisionRecord["because"]["block"] },
  at: number,
): string[] {
  return Object.entries(suspects).flatMap(([name, reader]) =>
    PURPOSES.flatMap((purpose) => {
      const { content } = buildRecord<DecisionRecord>({
        format: "decision@1",
        stream,
        at,
        salt: toHex(NO_SALT),
        permit: true,
        reader,
        twin,
        device,
        action: "read",
        purpose,
        segments: ALL.toString(),
        reason: "Permitted",
        because: { grant, block },
        from: null,
        until: null,
      });
      const guess = toHex(leafHash(LEAF_KINDS.decision, twin, 1, content));
      return guess === leaf ? [`${purpose} by ${name}`] : [];
    }),
  );
}
