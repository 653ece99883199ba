import { expect } from "chai";
import { readFileSync } from "node:fs";
import type { ListedOpening, OpeningPage } from "../../apps/sdk/answers.ts";
import type { Claim } from "../../protocol/break-glass.ts";
import { parseStrict } from "../../protocol/json.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { noteHash, readNote } from "../../protocol/salted-note.ts";
import { openClient } from "../../apps/cli/server.ts";
import { parseReceipt } from "../../protocol/receipt.ts";
import { verifyReceipt } from "../../protocol/verify.ts";
import { auditPasses } from "../helpers/audit-journey.ts";
import { registerBedside } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";

const WORDS = "unconscious, nobody can be asked";

describe("journey: an emergency, and its review", function () {
  this.timeout(90_000);
  const journey = new Journey();
  const data = journey.path("data");
  const claimFile = journey.path("claim.json");
  const reasonFile = journey.path("reason.json");
  const keyOf = (name: string): string[] => ["--key", `${data}/keys/${name}.key`, "--url", server.http];
  let server: Server & { metrics?: string };
  let twin: Hex;
  let opening: Hex;

  before(async () => {
    server = await journey.up(data, { METRICS_PORT: "0" });
    const [monitor] = await registerBedside(server, 1);
    if (!monitor) return expect.fail("no monitor");
    await server.client.postReadings([await monitor.next()]);
    const at = ["--data", data, "--url", server.http];
    const cut = ["--device", monitor.id, "--segments", "heart,spo2", "--name", "emergency"];
    ({ twin } = await journey.ask<{ twin: Hex }>(["twin", "new", ...cut, ...at]));
    await journey.ask(["break-glass", "name", twin, ...at]);
  });
  after(() => journey.close());

  const refused = async (words: string[]): Promise<string | undefined> => {
    const { code, out } = await journey.run([...words, "--json"]);
    expect(code, words.join(" ")).to.equal(1);
    return (JSON.parse(out) as { error?: string }).error;
  };

  it("opens with a second holder's signature over the same claim, and not with one over another", async () => {
    const { emergencies } = await journey.ask<OpeningPage>(["break-glass", "list", ...keyOf("holder-0")]);
    expect(emergencies.map((one) => [one.twin, one.mayOpen])).to.deep.equal([[twin, true]]);
    const said = ["--reason", WORDS, "--keep", reasonFile, "--until", "+4h", "--out", claimFile];
    await journey.ask(["break-glass", "claim", twin, ...said, ...keyOf("holder-0")]);
    const { holder, signature } = await journey.ask<{ holder: Hex; signature: Hex }>([
      ...["break-glass", "sign", claimFile, ...keyOf("holder-1")],
    ]);
    const open = ["break-glass", "open", "--claim", claimFile, "--second", holder, ...keyOf("holder-0")];
    const other = signature.replace(/^0x../, (first) => (first === "0x11" ? "0x22" : "0x11"));
    expect(await refused([...open, "--signature", other])).to.equal("SIGNATURE_INVALID");
    ({ opening } = await journey.ask<{ opening: Hex }>([...open, "--signature", signature]));
    const claim = parseStrict(readFileSync(claimFile, "utf8")) as Claim;
    expect(claim.reason).to.equal(noteHash(readNote(parseStrict(readFileSync(reasonFile, "utf8")))));
    const { openings } = await journey.ask<OpeningPage>(["break-glass", "list", ...keyOf("holder-1")]);
    expect(openings.map((one) => [one.opening, one.second, one.state])).to.deep.equal([[opening, holder, "open"]]);
  });

  it("lets the holder read it for emergency, and nobody else who has not opened it", async () => {
    const read = ["twin", "read", twin, "--purpose", "emergency"];
    const { code, out } = await journey.run([...read, ...keyOf("holder-0")]);
    expect(code, out).to.equal(0);
    expect(out).to.match(/heart/);
    expect(await refused([...read, ...keyOf("holder-1")])).to.equal("NOT_FOUND");
  });

  it("is reviewed by somebody else, once it is over, with the words at hand", async () => {
    const review = ["break-glass", "review", opening, "--justified", "--note", "it was one"];
    expect(await refused([...review, ...keyOf("holder-0")])).to.equal("NOT_REVIEWER");
    expect(await refused([...review, ...keyOf("reviewer")])).to.equal("OPENING_RUNS");
    await journey.ask(["break-glass", "end", opening, ...keyOf("steward")]);
    const shown = await journey.run([...["break-glass", "show", opening, "--note", reasonFile, ...keyOf("reviewer")]]);
    expect(shown.code, shown.err).to.equal(0);
    expect(shown.out).to.match(new RegExp(`✔ reason: ${WORDS}`));
    expect(shown.out).to.match(/opened[\s\S]*read: Permitted[\s\S]*ended/);
    await journey.ask([...review, ...keyOf("reviewer")]);
    const found = await journey.ask<ListedOpening>(["break-glass", "show", opening, ...keyOf("reviewer")]);
    expect([found.state, found.review?.justified]).to.deep.equal(["reviewed", true]);
    const reviewer = openClient(server.http, `${data}/keys/reviewer.key`);
    const steps = await until("every step is a leaf", async () => {
      const { steps: all } = await reviewer.opening(opening);
      return all.every(({ leaf }) => leaf !== null) ? all : undefined;
    });
    expect(steps.map(({ step }) => step)).to.deep.equal(["opened", "ended", "reviewed"]);
    const { reads } = await reviewer.opening(opening);
    const [last] = steps.slice(-1);
    for (const [leaf, of] of [
      [last?.leaf, { format: "step@1", step: "reviewed", case: found.case, opening, justified: true }],
      [reads[0]?.leaf, { format: "decision@1", reason: "Permitted" }],
    ] as const) {
      const text = await until("it is anchored", () => reviewer.receipt(leaf ?? "0x").catch(() => undefined));
      const receipt = parseReceipt(text);
      expect((receipt.disclosed as { record: object }).record).to.include(of);
      const { checks } = await verifyReceipt(receipt, { consortium: await server.client.consortium() });
      expect(checks.find(({ name }) => name === "record")?.result).to.equal("passed");
    }
    expect(await refused([...review, ...keyOf("reviewer")])).to.equal("ALREADY_REVIEWED");
  });

  it("goes on while operators have paused new grants, which is announced for an hour before it ends", async () => {
    expect(await refused(["operator", "pause", ...keyOf("steward")])).to.equal("ACCESS_MANAGED_UNAUTHORIZED");
    await journey.ask(["operator", "pause", ...keyOf("member")]);
    const said = ["--twin", twin, "--reader", `0x${"22".repeat(20)}`, "--purposes", "care", "--until", "+1h"];
    expect(await refused(["grant", "give", ...said, "--data", data, "--url", server.http])).to.equal("GRANTS_PAUSED");
    await journey.ask(["break-glass", "open", twin, "--reason", WORDS, ...keyOf("holder-1")]);
    const list = ["break-glass", "list", "--state", "open", ...keyOf("reviewer")];
    const { grantsPaused, openings } = await journey.ask<OpeningPage>(list);
    expect([grantsPaused, openings.length]).to.deep.equal([true, 1]);
    const metrics = await (await fetch(server.metrics ?? "")).text();
    expect(metrics).to.match(/^twinward_break_glass_openings\{state="open"\} 1$/m);
    expect(metrics).to.match(/^twinward_grants_paused 1$/m);
    const { resumableFrom } = await journey.ask<{ resumableFrom: number }>(["operator", "resume", ...keyOf("member")]);
    const again = await journey.ask<{ resumableFrom: number }>(["operator", "resume", ...keyOf("member")]);
    expect(again.resumableFrom).to.equal(resumableFrom);
    expect(resumableFrom - Date.now() / 1000).to.be.within(3_000, 3_605);
  });

  it("leaves nothing that audit finds wrong, the steps of both cases included", async () => {
    const checked = await auditPasses(journey, data);
    expect(checked.get("steps")).to.equal(4);
  });
});
