import { expect } from "chai";
import { randomBytes } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { bindSubject, setConsent } from "../../apps/cli/commands/consent.ts";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import { openClient } from "../../apps/cli/server.ts";
import type { TwinState } from "../../apps/sdk/answers.ts";
import { connectHttp } from "../../lab/transports/http.ts";
import { createWard, runWard, startFalseData, type Ward } from "../../lab/ward.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Purpose } from "../../protocol/words.ts";
import { registerBedside } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";
import { seen } from "./seen.ts";

const HOUR = 3_600_000;
/** Seconds of an interval. */
const INTERVAL = 5;

/** What three readers are shown of one monitor. */
const CUTS = {
  clinician: { segments: ["heart", "spo2"] },
  family: { segments: ["heart"], resolution: { interval: INTERVAL, show: ["mean", "min", "max", "count"] }, delay: 2 },
  researcher: {
    segments: ["heart", "spo2"],
    resolution: { interval: INTERVAL, show: ["mean"] },
    noise: {
      ...{ epsilon: 1, budget: 1_000, unit: "reading", neighbours: "replace" },
      segments: {
        heart: { clamp: [40, 140], scale: 1, denominator: INTERVAL },
        spo2: { clamp: [85, 100], scale: 10, denominator: INTERVAL },
      },
    },
  },
} as const;
type Name = keyof typeof CUTS;
const NAMES = Object.keys(CUTS) as Name[];
const PURPOSE: Readonly<Record<Name, Purpose>> = { clinician: "care", family: "care", researcher: "research" };

describe("three twins of one device side by side, in the console", function () {
  this.timeout(300_000);
  const journey = new Journey();
  const over = new AbortController();
  const keyOf = (name: string): string => journey.path(`${name}.key`);
  const twins = new Map<Name, Hex>();
  let browser: OpenBrowser;
  let server: Server;
  let ward: Ward;
  let living: Promise<void> | undefined;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    browser = await openBrowser(this);
    server = await journey.up(journey.path("data"));
    const stewardKey = `${server.data}/keys/steward.key`;
    const [device] = await registerBedside(server, 1);
    if (device === undefined) return expect.fail("no monitor");
    const who = { device: device.id, kid: 1, key: device.key };
    ward = createWard({ monitors: [who], seed: "side by side", start: Date.now(), salt: () => randomBytes(16), disturbances: 0 }); // prettier-ignore
    const door = connectHttp(server.http);
    living = runWard(ward, () => door, { signal: over.signal });
    createAccountKey(keyOf("subject"));
    const url = server.http;
    await bindSubject({ url, stewardKey, device: device.id, subjectKey: keyOf("subject") });
    for (const name of NAMES) {
      const twin = await createTwin({ url, device: device.id, name, stewardKey, ...CUTS[name] });
      const reader = createAccountKey(keyOf(name));
      const purposes = [PURPOSE[name]];
      await giveGrant({ url, twin, reader, purposes, until: Date.now() + HOUR, stewardKey });
      if (name === "researcher") await setConsent({ url, twin, reader, purposes, key: keyOf("subject") });
      twins.set(name, twin);
    }
    page = await browser.context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("console", (message) => {
      // A refused ask is told by the page; everything else that a browser complains of is a fault of ours.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  });

  after(async () => {
    over.abort();
    await living;
    await browser?.close();
    await journey.close();
  });
  afterEach(() => expect(complaints, "what the browser complained of").to.deep.equal([]));

  const column = (name: Name): Locator => page.getByRole("region", { name: new RegExp(`^${name}, as`) });
  const wordsOf = (name: Name): Promise<string[]> =>
    column(name)
      .locator("dd")
      .allInnerTexts()
      .then((texts) => texts.map((text) => text.replace(/\s+/g, " ")));
  const stateOf = (name: Name): Promise<TwinState> =>
    openClient(server.http, keyOf(name)).state(twins.get(name) ?? "0x");

  it("shows each reader's own cut of the same seconds: every value with its name, unit, age and what was done to it", async () => {
    for (const name of NAMES)
      await until(`there is something for the ${name}`, async () => {
        const { segments } = await stateOf(name);
        return segments.every(({ age }) => age !== null) || undefined;
      });
    await page.goto(`${server.http}/#/side-by-side`);
    for (const [index, name] of NAMES.entries()) {
      if (index > 0) await page.getByRole("button", { name: "Another reader" }).click();
      await page.locator("input[type=file]").setInputFiles(keyOf(name));
      await page.locator("option", { hasText: name }).waitFor({ state: "attached" });
      await page.getByRole("button", { name: "Read", exact: true }).click();
      await column(name).locator("dd b").first().waitFor();
    }
    expect(await page.locator(".column dt").allInnerTexts()).to.deep.equal(["heart", "spo2", "heart", "heart", "spo2"]);
    const number = String.raw`-?\d+(\.\d+)?`;
    const [heart, spo2] = await wordsOf("clinician");
    expect(heart).to.match(new RegExp(`^${number} /min \\d+ s old$`));
    expect(spo2).to.match(new RegExp(`^${number} % \\d+ s old$`));
    const [family] = await wordsOf("family");
    const three = `mean ${number} min ${number} max ${number} /min count \\d+ \\d+ s old`;
    expect(family, "a count has no unit").to.match(new RegExp(`^${three}$`));
    const noised = await wordsOf("researcher");
    expect(noised[0]).to.match(new RegExp(`^mean ${number} /min \\d+ s old with noise$`));
    expect(noised[1]).to.match(new RegExp(`^mean ${number} % \\d+ s old with noise$`));
    expect(await page.locator(".cut").allInnerTexts()).to.deep.equal([
      "as the device said it.",
      `mean, min, max, count of each ${INTERVAL} s, 2 s late.`,
      `mean of each ${INTERVAL} s, with noise.`,
    ]);
    await seen(page, "three-twins");
  });

  it("shows what the server says, and nothing of one reader's to another", async () => {
    const held = await until("the page shows the newest interval", async () => {
      const [{ segments: told }, [shown = ""]] = await Promise.all([stateOf("family"), wordsOf("family")]);
      const { mean, min, max, count } = told[0]?.aggregates ?? {};
      const round = (value: number | null | undefined): string => String(Math.round((value ?? NaN) * 100) / 100);
      const said = `mean ${round(mean)} min ${round(min)} max ${round(max)} /min count ${count}`;
      return shown.startsWith(said) ? said : undefined;
    });
    expect(held).to.match(/^mean \d/);
    for (const name of ["family", "researcher"] as const)
      expect((await stateOf(name)).segments.every(({ value }) => value === null)).to.equal(true);
  });

  it("labels every value as distrusted where a verdict has quarantined the device, and says why a researcher gets no more", async () => {
    const [monitor] = ward.monitors;
    if (monitor === undefined) return expect.fail("no monitor");
    startFalseData(monitor, { segment: "heart", kind: "offset", amount: 40, from: Date.now() });
    const verdict = await until(
      "a quorum of oracles has quarantined it",
      async () => (await server.client.verdicts({ device: monitor.device })).find(({ kind }) => kind === "quarantine"),
      180_000,
    );
    for (const name of ["clinician", "family"] as const) {
      const shown = column(name);
      await shown.getByText("Distrusted.").waitFor();
      expect(await shown.locator(".caution").innerText()).to.contain(verdict.digest.slice(0, 8));
      for (const words of await wordsOf(name)) expect(words, name).to.match(/ old D distrusted$/);
    }
    const research = column("researcher");
    await research.getByText("DEVICE_QUARANTINED").waitFor();
    const past = await wordsOf("researcher");
    for (const words of past) expect(words).to.match(/ was \d+ s old with noise$/);
    await research.getByText(/^not current · last answer ([3-9]|\d\d) s ago/).waitFor();
    expect(await wordsOf("researcher"), "what is no longer known stands still").to.deep.equal(past);
    await seen(page, "three-twins-distrusted");
  });
});
