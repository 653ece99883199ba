import { expect } from "chai";
import { getBytes, Wallet } from "ethers";
import type { Locator, Page } from "playwright-core";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { passGrant } from "../../apps/cli/pass-grant.ts";
import { bindSubject } from "../../apps/cli/commands/consent.ts";
import { nameEmergencyTwin } from "../../apps/cli/glass.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { createAccountKey, readAccountKey } from "../../apps/cli/key-file.ts";
import { openClient } from "../../apps/cli/server.ts";
import type { Client } from "../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { registerBedside, type BedsideDevice } from "../helpers/bedside-device.ts";
import { Journey, type Server } from "../helpers/journey.ts";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";
import { seen } from "./seen.ts";

const HOUR = 3_600_000;
describe("who may see what, in the console", () => {
  const journey = new Journey();
  const keys = { reader: journey.path("reader.key"), subject: journey.path("subject.key") };
  let browser: OpenBrowser;
  let server: Server;
  let stewardKey: string;
  let device: BedsideDevice;
  let twin: Hex;
  let reader: Client;
  let readerAddress: Hex;
  let page: Page;
  let complaints: string[];

  before(async function () {
    browser = await openBrowser(this);
    server = await journey.up(journey.path("data"));
    stewardKey = `${server.data}/keys/steward.key`;
    readerAddress = createAccountKey(keys.reader);
    createAccountKey(keys.subject);
    reader = openClient(server.http, keys.reader);
    device = (await registerBedside(server, 1))[0] ?? expect.fail();
    await server.client.postReadings([await device.next(), await device.next()]);
    await bindSubject({ url: server.http, stewardKey, device: device.id, subjectKey: keys.subject });
    twin = await createTwin({
      url: server.http,
      device: device.id,
      segments: ["heart", "spo2"],
      name: "ward",
      stewardKey,
    });
  });

  after(async () => {
    await browser?.close();
    await journey.close();
  });

  beforeEach(async () => {
    complaints = [];
    page = await browser.context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
  });

  afterEach(async () => {
    await page.close();
    expect(complaints, "what the browser complained of").to.deep.equal([]);
  });

  async function signIn(hash: string, keyFile: string): Promise<void> {
    await page.goto(`${server.http}/#/${hash}`);
    await page.locator("input[type=file]").setInputFiles(keyFile);
  }

  const look = (name: string): Promise<void> => seen(page, name);

  const codeOf = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => "shown",
      (error: { code: string }) => error.code,
    );

  /** What was signed last, member by member, as the page showed it. */
  const shownMembers = async (): Promise<Record<string, string>> => {
    const members = await page.locator(".members > div").all();
    return Object.fromEntries(
      await Promise.all(
        members.map(async (one) => [await one.locator("dt").innerText(), await one.locator("dd").innerText()] as const),
      ),
    );
  };

  it("requests: a steward narrows one with a wallet that announces itself, and signs just what is shown", async () => {
    const asked = {
      twin,
      segments: 2n ** 64n - 1n,
      purposes: ["care", "emergency"],
      until: Date.now() + 8 * HOUR,
    } as const;
    const { segments } =
      (await openClient(server.http, stewardKey).twins()).find((one) => one.twin === twin) ?? expect.fail();
    const wish = { ...asked, segments: BigInt(segments), why: "The round on ward nine." };
    const { request } = await reader.request(wish);

    // An extension's wallet (EIP-6963); its key stays out here.
    const wallet = new Wallet(toHex(readAccountKey(stewardKey)));
    const signed: Record<string, unknown>[] = [];
    await page.exposeFunction("askWallet", async (method: string, [first, second]: string[]) => {
      if (method === "eth_requestAccounts") return [wallet.address];
      if (method === "personal_sign") return wallet.signMessage(getBytes(first ?? "0x"));
      const { domain, types, message } = JSON.parse(second ?? "") as Parameters<typeof typed>[0];
      signed.push({ method, ...message });
      return wallet.signTypedData(...typed({ domain, types, message }));
    });
    await page.addInitScript(() => {
      const { askWallet } = globalThis as unknown as { askWallet: (method: string, params: unknown) => unknown };
      const provider = {
        request: ({ method, params }: { method: string; params: unknown }) => askWallet(method, params),
      };
      const info = { uuid: "d2b1…", name: "Ward wallet", icon: "", rdns: "example.ward" };
      const announce = (): boolean =>
        dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
      addEventListener("eip6963:requestProvider", announce);
    });
    await page.goto(`${server.http}/#/requests`);
    await page.getByRole("button", { name: "Sign in with Ward wallet" }).click();
    await page.getByText("The round on ward nine.").waitFor();
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByLabel("spo2").uncheck();
    await page.getByLabel("emergency").uncheck();
    await page.getByLabel(/For how many hours/).fill("2");
    await look("requests");
    await page.getByRole("button", { name: "Give this much" }).click();
    await page.getByRole("region", { name: "What you sign" }).getByText("nonce", { exact: true }).waitFor();
    await look("sign-act");
    const shown = await shownMembers();
    await page.getByRole("button", { name: "Sign and send" }).click();
    await page.locator("[data-state=narrowed]").waitFor();

    const [{ method, ...message } = {}] = signed;
    expect(method).to.equal("eth_signTypedData_v4");
    for (const [name, value] of Object.entries(message))
      expect(shown[name]?.toLowerCase(), name).to.equal(String(value));
    expect(BigInt(String(message.nonce))).to.equal(BigInt(request));
    const [listed] = (await reader.requests({ request })).requests;
    expect(listed?.state).to.equal("narrowed");
    const { segments: read, purpose } = await reader.history(twin, { limit: 1 });
    expect([read, purpose]).to.deep.equal([["heart"], "care"]);
  });

  it("requests: one is refused with a reason, which the reader is told", async () => {
    const { request } = await reader.request({
      twin,
      segments: 1n,
      purposes: ["audit"],
      until: Date.now() + HOUR,
      why: "To look.",
    });
    await signIn("requests", stewardKey);
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Refuse it").click();
    await page.getByLabel("Why not; they are told so").fill("Ask the head of the ward.");
    await page.getByRole("button", { name: "Refuse", exact: true }).click();
    await page.getByText("Refused: Ask the head of the ward.").waitFor();
    const [listed] = (await reader.requests({ request })).requests;
    expect(listed?.answer).to.deep.include({ step: "refused", reason: "Ask the head of the ward." });
  });

  it("my data: whose it is sees who may and who did, agrees to research, and takes it back", async () => {
    const terms = { reader: readerAddress, purposes: ["research" as const], until: Date.now() + HOUR };
    await giveGrant({ url: server.http, twin, ...terms, stewardKey });
    expect(await codeOf(reader.history(twin, { purpose: "research" }))).to.equal("CONSENT_MISSING");
    await signIn("my-data", keys.subject);
    await page.getByText("was shown it").first().waitFor();
    await look("my-data");
    await page.getByRole("button", { name: /^Agree to research/ }).click();
    await page.getByRole("button", { name: "Sign and send" }).click();
    await page.getByText("research: yes").waitFor();
    expect(await codeOf(reader.history(twin, { purpose: "research" }))).to.equal("shown");
    await page.getByRole("button", { name: /^Withdraw my consent/ }).click();
    await page.getByText("You agree to nothing any more").waitFor();
    await page.getByRole("button", { name: "Sign and send" }).click();
    await page.getByRole("button", { name: /^Agree to research/ }).waitFor();
    expect(await codeOf(reader.history(twin, { purpose: "research" }))).to.equal("CONSENT_MISSING");
  });

  it("who can see this: a grant is revoked with all that was passed on of it, and says so before", async () => {
    const other = Wallet.createRandom().address.toLowerCase() as Hex;
    const terms = { reader: readerAddress, purposes: ["maintenance" as const], until: Date.now() + HOUR, depth: 1 };
    const grant = await giveGrant({ url: server.http, twin, ...terms, stewardKey });
    await passGrant({ grant, to: other, key: keys.reader, url: server.http, segments: ["heart"] });
    await signIn("readers", stewardKey);
    const rowOf = (who: Hex): Locator =>
      page
        .getByRole("row")
        .filter({ has: page.getByRole("rowheader", { name: who.slice(0, 8) }) })
        .filter({ hasText: "maintenance" });
    await rowOf(readerAddress)
      .getByText(/ends in 59 min/)
      .waitFor();
    await rowOf(other)
      .getByText(`passed on by ${readerAddress.slice(0, 8)}`)
      .waitFor();
    const cells = (who: Hex): Promise<string[]> => rowOf(who).getByRole("cell").allInnerTexts();
    expect((await cells(readerAddress)).slice(0, 2).map((text) => text.includes("yes"))).to.deep.equal([true, true]);
    expect((await cells(other)).slice(0, 2).map((text) => text.includes("yes"))).to.deep.equal([true, false]);
    await look("readers");
    await rowOf(readerAddress)
      .getByRole("button", { name: /^Revoke/ })
      .click();
    await page.getByText(`What was passed on of it ends too: ${other.slice(0, 8)}`).waitFor();
    await page.getByRole("button", { name: "Sign and send" }).click();
    await rowOf(readerAddress).getByText("not maintenance: The grant was revoked.").waitFor();
    await rowOf(other).getByText("not maintenance: A grant that this one was passed on from was revoked.").waitFor();
    expect(await codeOf(reader.history(twin, { purpose: "maintenance", grant }))).to.equal("GRANT_REVOKED");
  });

  it("break-glass: a holder opens with a reason that stays with them, another person finds it right", async () => {
    await nameEmergencyTwin({ url: server.http, key: stewardKey }, twin, 0, false);
    const keyOf = (name: string): string => `${server.data}/keys/${name}.key`;
    await signIn("break-glass", keyOf("holder-0"));
    await page.getByLabel("Why").fill("Unconscious, nobody can be asked.");
    await page.getByLabel(/For how many minutes/).fill("30");
    await page.getByRole("button", { name: "Break the glass" }).click();
    await page.getByRole("region", { name: "What you sign" }).getByText("claim.reason").waitFor();
    await look("break-glass-open");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Sign and send" }).click(),
    ]);
    await page.locator("[data-state=open]").waitFor();
    const note = journey.path("reason.json");
    await download.saveAs(note);
    const holder = openClient(server.http, keyOf("holder-0"));
    expect((await holder.history(twin, { purpose: "emergency", limit: 1 })).readings).to.have.length(1);
    await page.getByRole("button", { name: "End it now" }).click();
    await page.getByRole("button", { name: "Sign and send" }).click();
    await page.locator("[data-state=unreviewed]").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();

    await page.locator("input[type=file]").setInputFiles(keyOf("reviewer"));
    await page.getByRole("button", { name: "Who read by it" }).click();
    await page.getByText("was shown it").waitFor();
    await page.getByText("The reason", { exact: true }).click();
    await page.locator("input[type=file]").setInputFiles(note);
    await page.getByText("✓ These are the words.").waitFor();
    await look("break-glass-review");
    await page.getByLabel(/What you found/).fill("It was one.");
    await page.getByRole("button", { name: "It was right" }).click();
    await page.getByRole("button", { name: "Sign and send" }).click();
    await page.getByText("✓ found right").waitFor();
    const { openings } = await holder.openings();
    expect(openings.map(({ state, review }) => [state, review?.justified])).to.deep.equal([["reviewed", true]]);
  });
});

/** A payload of eth_signTypedData_v4 as ethers signs it. */
function typed(payload: {
  domain: Record<string, unknown>;
  types: Record<string, { name: string; type: string }[]>;
  message: Record<string, unknown>;
}): [object, Record<string, { name: string; type: string }[]>, Record<string, unknown>] {
  const types = Object.fromEntries(Object.entries(payload.types).filter(([name]) => name !== "EIP712Domain"));
  return [payload.domain, types, payload.message];
}
