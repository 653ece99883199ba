import { expect } from "chai";
import type { Hex } from "../../../protocol/bytes.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import { purposesMask } from "../../../protocol/words.ts";
import { countDecisions, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const HEART = 0b1n;

describe("a decision whose commit fails", () => {
  let door: FrontDoor;
  let headers: { authorization: string };
  let paths: string[];
  /** What must not leave: everything of the reading, down to one signed disclosure. */
  let secrets: string[];

  before(async () => {
    door = await openFrontDoor(START);
    const device = new WrittenDevice(door, named("steward", 20));
    const care: Hex = device.createTwin("care", HEART);
    const given = { from: START - 10, until: START + 1000, segments: HEART, purposes: purposesMask(["care"]) };
    device.grant(care, door.reader.address, given);
    const { client } = door.reader;
    await client.postReadings([await device.read(), await device.read()]);
    await door.anchor();
    const { readings, decision } = await client.history(care);
    await door.anchor();
    const [first] = readings;
    if (!first) return expect.fail("nothing to read");
    secrets = readings.flatMap(({ reading, leaf, content }) => [...reading.split("~").filter(Boolean), leaf, content]);
    expect(parsePresentation(first.reading).disclosures.map(({ segment }) => segment)).to.deep.equal(["heart"]);
    paths = [
      `/v1/twins/${care}/history`,
      `/v1/twins/${care}/history?purpose=care&receipts=true`,
      `/v1/twins/${care}/description`,
      `/v1/receipts/${first.leaf}?twin=${care}`,
      `/v1/receipts/${first.leaf}`,
      `/v1/receipts/${decision.leaf}`,
    ];
    headers = { authorization: `Bearer ${(await client.login()).token}` };
  });
  after(() => door.close());

  const ask = async (path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(door.url + path, { headers });
    return { status: response.status, text: await response.text() };
  };

  /** Runs with a database that takes every statement and fails where it shall make them last. */
  const withoutCommit = async (work: () => Promise<void>): Promise<void> => {
    await door.database.script(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'the disk is gone'; end $$;
      create constraint trigger refusing after insert on record deferrable initially deferred
        for each row execute function refuse();`);
    await work();
    await door.database.script("drop trigger refusing on record; drop function refuse;");
  };

  it("lets nothing of a twin leave, on any road, and says nothing of the inside", async () => {
    for (const path of paths) expect((await ask(path)).status, path).to.equal(200);
    const before = await countDecisions(door);
    await withoutCommit(async () => {
      for (const path of paths) {
        const { status, text } = await ask(path);
        expect([status, (JSON.parse(text) as { code: string }).code], path).to.deep.equal([500, "INTERNAL"]);
        for (const secret of secrets) expect(text, path).not.to.contain(secret);
        expect(text, path).not.to.match(/readings|segments|disk/);
      }
    });
    expect(await countDecisions(door)).to.equal(before);
    // And once it can be recorded again, it is permitted again.
    for (const path of paths) expect((await ask(path)).status, path).to.equal(200);
    expect((await countDecisions(door)) - before).to.equal(paths.length);
  });

  it("waits for the disk before it opens anything for the answer, and looks it up meanwhile", async () => {
    const [path = ""] = paths;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const before = await countDecisions(door);
    const submit = door.committer.submit.bind(door.committer);
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    // The committer as on a slow disk: the decision is asked for and not there yet.
    const slow: typeof submit = async (work) => {
      asked();
      await held;
      return submit(work);
    };
    // Sealed rows may be looked up meanwhile; what is in them may not.
    const open = door.keys.open.bind(door.keys);
    let opened = 0;
    Object.assign(door.keys, { open: (...args: Parameters<typeof open>) => ((opened += 1), open(...args)) });
    Object.assign(door.committer, { submit: slow });
    const query = door.database.query.bind(door.database);
    let lookedUp = 0;
    const counting: typeof query = (sql, parameters) => {
      if (sql.includes("signing_input")) lookedUp += 1;
      return query(sql, parameters);
    };
    Object.assign(door.database, { query: counting });
    try {
      let answered = false;
      const answer = ask(path).finally(() => (answered = true));
      await isAsked;
      // Whatever does not wait for the decision is long through after as many turns to and fro with the server.
      for (let i = 0; i < 20; i++) expect((await fetch(`${door.url}/v1/devices`)).status).to.equal(200);
      expect([answered, opened, lookedUp]).to.deep.equal([false, 0, 1]);
      expect(await countDecisions(door)).to.equal(before);
      release();
      expect((await answer).status).to.equal(200);
      expect(await countDecisions(door)).to.equal(before + 1);
      expect(opened).to.be.greaterThan(0);
      expect(lookedUp, "once, and not again for the answer").to.equal(1);
    } finally {
      release();
      Object.assign(door.committer, { submit });
      Object.assign(door.keys, { open });
      Object.assign(door.database, { query });
    }
  });
});
