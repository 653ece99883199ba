import { expect } from "chai";
import { ERRORS, TwinwardError } from "../../../protocol/errors.ts";
import { toHex, type Hex } from "../../../protocol/bytes.ts";
import type { DecisionRecord } from "../../../protocol/record.ts";
import { codeOf } from "../../../server/access/authorize.ts";
import { decisionCases, type DecisionCase } from "../access/decision-cases.ts";
import { bytes32, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

/** Long before every case's time: a chain's clock never lets a grant live longer, so it must be behind here. */
const EARLY = 1_700_000_000;
const STATES = ["none", "registered", "active", "suspect", "quarantined", "retired"];

describe("decisions.json through the front door", () => {
  let door: FrontDoor;

  const tokens: Record<string, string> = {};

  before(async () => {
    door = await openFrontDoor(EARLY);
    for (const who of ["reader", "oracle"] as const) tokens[who] = (await door[who].client.login()).token;
  });
  after(() => door.close());

  const everyCase = decisionCases().filter(({ ask }) => ask.safe === undefined);

  for (const one of everyCase) {
    it(`${one.reason}: ${one.name}`, async () => {
      const { twin, grant } = write(one);
      door.clock.ms = one.ask.now * 1000;
      const token = tokens[one.facts.readerIsOracle ? "oracle" : "reader"];
      const query = new URLSearchParams({ purpose: one.ask.purpose, segments: `0x${one.ask.segments.toString(16)}` });
      if (grant) query.set("grant", grant);
      const read = one.ask.action === "read";
      if (!read) query.set("twin", twin);
      if (!read) query.set("action", "command");
      const path = read ? `/v1/twins/${twin}/history` : "/v1/decisions/explain";
      const response = await fetch(`${door.url}${path}?${query.toString()}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const body = (await response.json()) as Record<string, unknown>;

      if (isStranger(one)) {
        expect([response.status, body.code]).to.deep.equal([404, "NOT_FOUND"]);
      } else if (!read) {
        expect(body.reason).to.equal(reasonAtTheDoor(one));
      } else if (one.reason === "Permitted") {
        expect(response.status, JSON.stringify(body)).to.equal(200);
        expect(body.readings).to.deep.equal([]);
      } else {
        const code = codeOf(one.reason);
        expect([response.status, body.code]).to.deep.equal([ERRORS[code].status, code]);
      }
      // Whatever a stranger was told, the record has the true reason.
      if (read) expect(await recorded(twin)).to.deep.equal([reasonAtTheDoor(one)]);
    });
  }

  it("answers every stranger with the same bytes", async () => {
    const cases = everyCase.filter((one) => one.ask.action === "read" && isStranger(one));
    const texts = new Set<string>();
    for (const one of cases) {
      const { twin } = write(one);
      door.clock.ms = one.ask.now * 1000;
      const token = tokens[one.facts.readerIsOracle ? "oracle" : "reader"];
      const response = await fetch(`${door.url}/v1/twins/${twin}/history?purpose=${one.ask.purpose}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const headers = [...response.headers].filter(([name]) => name !== "date");
      texts.add(JSON.stringify([response.status, headers, await response.text()]));
    }
    expect(cases.length).to.be.greaterThan(5);
    expect(texts.size, [...texts].join("\n")).to.equal(1);
  });

  it("denies everything while the chain does not answer, and records nothing", async () => {
    const one = everyCase[0] as DecisionCase;
    const { twin } = write(one);
    door.chain.silent = true;
    const error = await door.reader.client.history(twin, { purpose: "care" }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    door.chain.silent = false;
    expect(error).to.be.instanceOf(TwinwardError).with.property("code", "CHAIN_UNAVAILABLE");
    expect(await recorded(twin)).to.deep.equal([]);
  });

  /** That of the rule, but for a grant or an opening of somebody else: at the door it is not known, as if there were none. */
  function reasonAtTheDoor({ reason, facts: { grant, opening } }: DecisionCase): string {
    const isAnothers = (grant ?? opening)?.sameReader === false;
    return reason === "GrantForOther" && isAnothers ? "GrantUnknown" : reason;
  }

  /** Whether nothing on the chain connects the reader of a case with its twin. */
  function isStranger({ facts: { twin, grant, opening, readerIsOracle } }: DecisionCase): boolean {
    const ground = grant ?? opening ?? null;
    const hasOwn = twin !== null && ground !== null && ground.sameTwin && ground.sameReader;
    return !hasOwn && !(readerIsOracle && twin?.security === true);
  }

  /** Writes a case's facts onto the chain: a device and a twin of its own. */
  function write({ facts }: DecisionCase): { twin: Hex; grant: Hex | undefined } {
    const { chain } = door;
    const device = new WrittenDevice(door, named("steward", 20));
    device.setState(2, STATES.indexOf(facts.device));
    const who = (facts.readerIsOracle ? door.oracle : door.reader).address;
    const twin = facts.twin
      ? device.createTwin("asked", facts.twin.segments, facts.twin)
      : named(`no twin ${device.id}`);
    const other = device.createTwin("other", 0xffn);
    let grant: Hex | undefined;
    if (facts.grant) {
      const { sameTwin, sameReader, revoked, epochRaised, parentRevoked, ...given } = facts.grant;
      const of = sameTwin ? twin : other;
      const parent = parentRevoked ? device.grant(of, named("grantor", 20), given) : undefined;
      grant = device.grant(of, sameReader ? who : named("somebody", 20), given, parent);
      for (const ended of [...(revoked ? [grant] : []), ...(parent ? [parent] : [])])
        chain.emit("GrantRegistry", "Revoked", [ended, named("steward", 20)]);
      if (epochRaised) chain.emit("TwinRegistry", "EpochRaised", [of, 1]);
    }
    if (facts.opening) {
      const { sameTwin, sameReader, ended, until } = facts.opening;
      grant = device.open(sameTwin ? twin : other, sameReader ? who : named("somebody", 20), until);
      if (ended) chain.emit("BreakGlass", "BreakGlassEnded", [grant, named("steward", 20)]);
    }
    if (facts.twin && !facts.twin.security)
      chain.emit("TwinRegistry", "ConsentMaskSet", [twin, facts.twin.consent, named("subject", 20)]);
    chain.emit("GrantRegistry", "ConsentSet", [twin, who, facts.consented, named("subject", 20)]);
    if (facts.twin?.ended === true) chain.emit("TwinRegistry", "AssignmentEnded", [device.assignment, device.id, 9]);
    return { twin, grant };
  }

  async function recorded(twin: Hex): Promise<string[]> {
    const rows = await door.database.query<{ body: string; subject: Uint8Array }>(
      `select r.body, l.subject from record r join leaf l on l.position = r.position
       where l.kind = 2 and l.subject = $1 order by l.position`,
      [bytes32(twin)],
    );
    for (const { subject } of rows) expect(toHex(subject)).to.equal(twin);
    return rows.map(({ body }) => (JSON.parse(body) as DecisionRecord).reason);
  }
});
