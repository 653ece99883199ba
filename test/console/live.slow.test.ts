import { expect } from "chai";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getBytes, Wallet } from "ethers";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { startServerProcess, type ServerProcess } from "../../apps/cli/demo/server-process.ts";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import { openClient } from "../../apps/cli/server.ts";
import type { ListedDevice } from "../../apps/sdk/answers.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";

describe("the console of a running ward", () => {
  let directory: string;
  let server: ServerProcess;
  let browser: OpenBrowser;

  before(async function () {
    browser = await openBrowser(this);
    directory = await mkdtemp(join(tmpdir(), "twinward-live-"));
    server = await startServerProcess(directory, "--demo");
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  it("shows the monitors, and verifies a reading in the page by the chain itself", async () => {
    const device = await until(async () =>
      (await openClient(server.http).devices()).devices.find(({ anchoredSequence }) => anchoredSequence > 0),
    );
    const receipt = await receiptOf(device);
    const trust = join(directory, "consortium.json");

    const page = await browser.context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.setDefaultTimeout(20_000);

    await page.goto(`${server.http}/#/fleet`);
    await page.getByRole("row").filter({ hasText: "active" }).nth(7).waitFor();
    await page
      .getByRole("row")
      .filter({ hasText: device.id.slice(0, 8) })
      .waitFor();

    await page.goto(`${server.http}/#/verify`);
    await page
      .locator("input[type=file]")
      .first()
      .setInputFiles([
        { name: "receipt.json", mimeType: "application/json", buffer: Buffer.from(receipt) },
        { name: "consortium.json", mimeType: "application/json", buffer: await readFile(trust) },
      ]);
    await page.getByRole("radio", { name: "A chain node, by JSON-RPC" }).check();
    await page.getByLabel("Address of a node").fill(server.rpc);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.locator(".outcome, .alarm").first().waitFor();
    expect(await page.locator(".result-failed, .result-unchecked, .alarm").allTextContents()).to.deep.equal([]);
    await page.locator(".outcome.passed").waitFor();
    expect(complaints).to.deep.equal([]);
    await page.close();
  });

  it("draws a monitor's twin live for a clinician who signs in with a browser wallet", async () => {
    const device = await until(async () =>
      (await openClient(server.http).devices()).devices.find(({ anchoredSequence }) => anchoredSequence > 0),
    );
    const stewardKey = join(directory, "keys/steward.key");
    const segments = ["heart", "spo2"];
    const twin = await createTwin({ url: server.http, device: device.id, segments, name: "wallet", stewardKey });
    const wallet = Wallet.createRandom();
    const reader = wallet.address.toLowerCase() as Hex;
    const terms = { reader, purposes: ["care" as const, "audit" as const], until: Date.now() + 3_600_000 };
    await giveGrant({ url: server.http, twin, ...terms, stewardKey });

    const page = await browser.context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    const asked: string[] = [];
    // What a wallet's extension puts into a page (EIP-1193); its key stays out here.
    await page.exposeFunction("askWallet", async (method: string, [text]: string[]) => {
      asked.push(method);
      if (method === "eth_requestAccounts") return [reader];
      return wallet.signMessage(getBytes(text ?? "0x"));
    });
    await page.addInitScript(() => {
      const { askWallet } = globalThis as unknown as { askWallet: (method: string, params: unknown) => unknown };
      Object.assign(globalThis, {
        ethereum: { request: ({ method, params }: { method: string; params: unknown }) => askWallet(method, params) },
      });
    });

    await page.goto(`${server.http}/#/twin`);
    await page.getByRole("button", { name: "Sign in with the wallet" }).click();
    await page.getByLabel("Purpose").selectOption("audit");
    await page.getByRole("button", { name: "Read", exact: true }).click();
    await page.getByText("read for audit").waitFor();
    expect(await page.locator(".panel figcaption").allInnerTexts()).to.deep.equal(["heart /min", "spo2 %"]);
    await page.locator('.band [data-standing="anchored"]').first().waitFor();

    // The newest reading is on its road still; looked at again, it has arrived.
    const newest = await page.waitForFunction(() => {
      const words = document.querySelector("[role=slider]")?.getAttribute("aria-valuetext") ?? "";
      return /^reading (\d+), .*(?:accepted|sealed)/.exec(words)?.[1] ?? false;
    });
    const sequence = String(await newest.jsonValue());
    await page.getByRole("button", { name: "As a table" }).click();
    await page
      .getByRole("row")
      .filter({ has: page.getByRole("button", { name: sequence }) })
      .filter({ hasText: "anchored" })
      .waitFor();
    expect(await page.locator(".twin-pulse .age").innerText()).to.match(/newest reading \d+ s old/);
    expect(asked).to.deep.equal(["eth_requestAccounts", "personal_sign"]);
    expect(complaints).to.deep.equal([]);
    await page.close();
  });

  async function receiptOf(device: ListedDevice): Promise<string> {
    const keyFile = join(directory, "clinician.key");
    const stewardKey = join(directory, "keys/steward.key");
    const reader = createAccountKey(keyFile);
    const segments = ["heart", "spo2"];
    const twin: Hex = await createTwin({
      url: server.http,
      device: device.id,
      segments,
      name: "clinician",
      stewardKey,
    });
    const inAnHour = Date.now() + 3_600_000;
    await giveGrant({ url: server.http, twin, reader, purposes: ["care"], until: inAnHour, stewardKey });
    const clinician = openClient(server.http, keyFile);
    const anchored = await until(async () => {
      const page = await clinician.history(twin, { purpose: "care" }).catch(() => undefined);
      return page?.readings.findLast(({ state }) => state === "anchored");
    });
    return clinician.receipt(anchored.leaf, { twin, purpose: "care" });
  }
});

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 60_000; ;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error("it did not happen within 60 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
