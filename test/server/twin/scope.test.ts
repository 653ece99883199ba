import { expect } from "chai";
import fc from "fast-check";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { globSync } from "node:fs";
import type { Response } from "express";
import { toBase64url, utf8, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { manifestHash } from "../../../protocol/manifest.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { permit, type PermitTerms } from "../../../server/access/permit.ts";
import { sendTwin } from "../../../server/api/send.ts";
import { scope, type DigitalTwin, type WholeReading } from "../../../server/twin/scope.ts";
import { MANIFEST, MODEL } from "../api/front-door.ts";
import { named } from "../api/written-chain.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const device = named("device");
const names = MODEL.segments.map(({ name }) => name);

const disclosure = (segment: string): string =>
  toBase64url(utf8(JSON.stringify(["A".repeat(22), segment, { u: "1", t: [0], v: [1] }])));

function readingAt(sequence: number): WholeReading {
  const position = sequence + 3;
  const promise = { chainId: 1, anchorLog: named("log", 20), stream: ZERO_32, first: 0, count: 99, root: ZERO_32 };
  return {
    sequence,
    from: 1000 * sequence,
    until: 1000 * sequence + 1000,
    content: named(`content ${sequence}`),
    leaf: named(`leaf ${sequence}`),
    position,
    token: "header.payload.signature",
    disclosures: names.map(disclosure),
    // Something is remarked on the reading, and on each of its segments something else.
    remarks: [
      { segment: null, flag: "late" },
      { segment: "heart", flag: "outOfRange" },
      { segment: "resp", flag: "clock" },
    ],
    erased: false,
    gap: sequence > 2 ? { from: sequence - 2, to: sequence - 1 } : null,
    state: "accepted",
    batch: null,
    ack: { ...promise, acceptedAt: 1, anchorBy: 1, signature: "", index: position, path: [] },
  };
}

const twin: DigitalTwin = {
  device,
  model: MODEL,
  at: 0,
  readings: Array.from({ length: 20 }, (_, i) => readingAt(i + 1)),
  next: null,
};

function terms(changed: Partial<PermitTerms> & { twinSegments?: bigint }): PermitTerms {
  const { twinSegments = 15n, ...rest } = changed;
  const block = { number: 1, hash: ZERO_32, timestamp: 1 };
  return {
    reader: named("reader", 20),
    action: "read",
    purpose: "care",
    twin: {
      id: named("twin"),
      device,
      assignment: named("assignment"),
      manifestHash: manifestHash(MANIFEST),
      segments: twinSegments,
      commands: 0n,
      security: false,
      ended: false,
      epoch: 0,
      consent: 4,
    },
    device: { id: device, steward: named("s", 20), state: "active", modelHash: ZERO_32, homeStream: ZERO_32, keys: [] },
    segments: 15n,
    from: null,
    until: null,
    first: 1,
    end: null,
    changes: [],
    grant: ZERO_32,
    distrusted: null,
    block,
    view: {} as PermitTerms["view"],
    decision: { leaf: ZERO_32, position: 0, sequence: 1 },
    ...rest,
  };
}

describe("scope", () => {
  it("never shows more than the permit: segments, sequences, time", () => {
    const bound = fc.option(fc.integer({ min: 0, max: 25_000 }));
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 15n }),
        fc.bigInt({ min: 0n, max: 15n }),
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.integer({ min: 1, max: 25 })),
        bound,
        bound,
        (segments, twinSegments, first, end, from, until) => {
          const { readings, ...page } = scope(
            twin,
            permit(terms({ segments, twinSegments, first, end, from, until })),
            MANIFEST,
          ).toJSON();
          const allowed = names.filter((_, bit) => ((segments & twinSegments) >> BigInt(bit)) & 1n);
          expect(page.segments).to.deep.equal(allowed);
          const expected = twin.readings.filter(
            (one) =>
              one.sequence >= first &&
              (end === null || one.sequence < end) &&
              (from === null || one.from >= from) &&
              (until === null || one.from < until),
          );
          expect(readings.map(({ sequence }) => sequence)).to.deep.equal(expected.map(({ sequence }) => sequence));
          for (const shown of readings) {
            expect(shown.reading).to.equal(["header.payload.signature", ...allowed.map(disclosure), ""].join("~"));
            expect(shown.gap?.from ?? first).to.be.at.least(first);
            const remarked = { outOfRange: allowed.includes("heart"), late: true, clock: allowed.includes("resp") };
            expect([...shown.flags].toSorted()).to.deep.equal(
              Object.keys(remarked)
                .filter((flag) => remarked[flag as keyof typeof remarked])
                .toSorted(),
            );
            expect(shown).not.to.have.property("ack");
          }
          for (const hidden of names.filter((name) => !allowed.includes(name)))
            expect(JSON.stringify(readings)).not.to.include(disclosure(hidden));
        },
      ),
      { seed: 20261121, numRuns: 500 },
    );
  });

  it("labels every value of a quarantined device and names the verdict", () => {
    const verdict = named("verdict");
    const history = scope(twin, permit(terms({ distrusted: { verdict } })), MANIFEST).toJSON();
    expect(history.distrusted).to.deep.equal({ verdict });
    for (const { flags } of history.readings) expect(flags).to.include("distrusted");
  });

  it("gives acks for the purpose security, and only then", () => {
    const [shown] = scope(twin, permit(terms({ purpose: "security" })), MANIFEST).toJSON().readings;
    expect(shown?.ack).to.include({ format: "ack@1", device, sequence: 1, expected: 2, prev: named("content 1") });
  });

  it("refuses, at run time too, what is no permit, another device's or a command's", () => {
    const forged = { terms: terms({}) } as unknown as Parameters<typeof scope>[1];
    const others: Hex = named("another device");
    const wrong = [
      forged,
      permit(terms({ device: { ...terms({}).device, id: others } })),
      permit(terms({ action: "command" })),
    ];
    for (const one of wrong)
      expect(() => scope(twin, one, MANIFEST))
        .to.throw(TwinwardError)
        .with.property("code", "INTERNAL");
  });

  it("is the only source of what the front door sends", () => {
    const response = { json: () => expect.fail("it was sent") } as unknown as Response;
    for (const one of [twin, scope(twin, permit(terms({})), MANIFEST).toJSON(), null]) {
      expect(() => sendTwin(response, one as never)).to.throw(TwinwardError);
    }
  });

  it("lets nobody but authorize make a permit", () => {
    const sources = globSync("{server,apps,lab}/**/*.{ts,tsx}", { cwd: root });
    const importers = sources.filter((file) => {
      const imports = readFileSync(`${root}/${file}`, "utf8").matchAll(
        /import\s+(?!type)\{([^}]*)\}\s+from\s+"[^"]*access\/permit\.ts"|import\s+(?!type)\{([^}]*)\}\s+from\s+"\.\/permit\.ts"/g,
      );
      return [...imports].some((found) => /(?:^|[\s,])permit(?:[\s,]|$)/.test(found[1] ?? found[2] ?? ""));
    });
    expect(importers).to.deep.equal(["server/access/authorize.ts"]);
  });

  it("does not compile otherwise (test/server/twin/leak.ts)", () => {
    const options =
      "--ignoreConfig --noEmit --strict --noUnusedLocals false --skipLibCheck --target es2024 --module nodenext";
    const more =
      "--moduleResolution nodenext --allowImportingTsExtensions --erasableSyntaxOnly --lib ES2024,DOM --types node";
    const args = [
      `${root}/node_modules/typescript/bin/tsc`,
      ...`${options} ${more} --listFiles`.split(" "),
      "test/server/twin/leak.ts",
    ];
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    const lines = stdout.split("\n");
    // The compiler lists what it has checked: without this line it was never there.
    expect(lines.filter((line) => line.endsWith("test/server/twin/leak.ts"))).to.have.length(1);
    // Colleagues' rooms are checked by `npm run check`; here it is about this file.
    expect(lines.filter((line) => /^(?:test\/server\/twin\/leak\.ts\(|error )/.test(line))).to.deep.equal([]);
  });
});
