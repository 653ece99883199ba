import { expect } from "chai";
import { rm } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright-core";
import { writeReceipt } from "../../protocol/index.ts";
import { makeWorld, type TestWorld } from "../protocol/world.ts";
import { expectAccessible } from "./axe.ts";
import { buildConsole } from "./build-console.ts";
import { fleetOf } from "./fleet-of.ts";
import { openBrowser } from "./open-browser.ts";
import { serveConsole, type ServedConsole } from "./serve-console.ts";
import { startNode } from "./start-node.ts";

describe("the console in a browser", () => {
  let directory: string | undefined;
  let served: ServedConsole;
  let closeBrowser: (() => Promise<void>) | undefined;
  let context: BrowserContext;
  let page: Page;
  let world: TestWorld;
  let node: Awaited<ReturnType<typeof startNode>>;
  let complaints: string[];

  before(async function () {
    const browser = await openBrowser(this);
    closeBrowser = () => browser.close();
    context = browser.context;
    directory = await buildConsole();
    world = await makeWorld("console");
    node = await startNode(world.consortium.chainId + 1);
    served = await serveConsole(directory, { devices: fleetOf(world), consortium: world.consortium }, [node.url]);
  });

  after(async () => {
    await closeBrowser?.();
    await served?.close();
    await node?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    served.answers.devices = fleetOf(world);
    served.answers.consortium = world.consortium;
    complaints = [];
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    // A breach of the page policy, a script error: nothing of that may happen on any road through the console.
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  });

  afterEach(async () => {
    await page.close();
    expect(complaints, "what the browser complained of").to.deep.equal([]);
  });

  const open = async (hash: "#/fleet" | "#/twin" | "#/verify", scheme: "light" | "dark" = "light"): Promise<void> => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(served.url + hash);
    await page.getByRole("heading", { level: 1 }).waitFor();
  };

  describe("the fleet", () => {
    it("shows each device with its state, sequence, age and anchoring", async () => {
      await open("#/fleet");
      const row = page
        .getByRole("row")
        .filter({ hasText: world.history.device.slice(0, 8) })
        .first();
      expect((await row.getByRole("cell").allInnerTexts()).map((text) => text.trim())).to.include.members([
        "monitor@1",
        "active",
        "6",
        "anchored",
      ]);
      expect(await page.getByRole("row", { name: /quarantined.*sealed/ }).count()).to.equal(1);
      // Accepted a moment ago, measured two hours before.
      await page.getByRole("row", { name: /quarantined.*2 h 00 min old/ }).waitFor();
      expect(await page.getByRole("row", { name: /registered.*no reading yet/ }).count()).to.equal(1);
    });

    it("says in words which devices nobody judges, and why", async () => {
      await open("#/fleet");
      const row = page.getByRole("row", { name: /pump@2.*unwatched/ });
      await row.getByRole("button").click();
      await page.getByText("No oracle can judge it").filter({ visible: true }).waitFor();
      expect(await page.getByRole("row", { name: /active.*unwatched/ }).count()).to.equal(0);
      await page.getByRole("list", { name: "Devices by state" }).getByText("unwatched").waitFor();
      await expectAccessible(page, "fleet with unwatched devices");
    });

    it("puts the device that needs a person first, and sorts by any column", async () => {
      await open("#/fleet");
      const first = page.getByRole("row").nth(1);
      await first.getByText("quarantined").waitFor();
      await page.getByRole("button", { name: "Last sequence" }).click();
      await page.getByRole("button", { name: "Last sequence" }).click();
      expect(await page.getByRole("columnheader", { name: "Last sequence" }).getAttribute("aria-sort")).to.equal(
        "descending",
      );
      await first.getByText("11,397").waitFor();
    });

    it("opens the full device id", async () => {
      await open("#/fleet");
      const device = world.history.device;
      await page.getByRole("button", { name: device.slice(0, 8) }).click();
      await page.getByText(device, { exact: true }).waitFor();
    });

    it("lets the age of data tick", async () => {
      await open("#/fleet");
      const age = page.locator(".age").first();
      const before = await age.innerText();
      await page.waitForFunction((text) => document.querySelector(".age")?.textContent !== text, before);
    });

    it("is loud when the server falls silent, keeps what it knew marked as past, and recovers", async () => {
      await open("#/fleet");
      await page.getByText("live").waitFor();
      served.answers.devices = undefined;
      await page.getByRole("alert").filter({ hasText: "not current" }).waitFor();
      await page
        .getByText(/^was \d+ s$/)
        .first()
        .waitFor();
      expect(await page.getByText("live").count()).to.equal(0);
      await expectAccessible(page, "stale fleet");
      served.answers.devices = fleetOf(world);
      await page.getByText("live").waitFor();
      expect(await page.getByRole("alert").count()).to.equal(0);
    });

    it("shows nothing at all of an answer that it does not understand", async () => {
      served.answers.devices = { at: Date.now(), devices: [{ id: world.history.device, state: "fine" }] };
      await open("#/fleet");
      await page.getByRole("alert").filter({ hasText: "devices[0].state" }).waitFor();
      expect(await page.getByRole("table").count()).to.equal(0);
    });

    it("teaches the first step when there is no device", async () => {
      served.answers.devices = { at: Date.now(), devices: [] };
      await open("#/fleet");
      await page.getByText("npx twinward device new").waitFor();
      await expectAccessible(page, "empty fleet");
    });
  });

  describe("verify a receipt", () => {
    const paste = (text: string): Promise<void> => page.getByLabel("Paste the receipt").fill(text);

    const choose = async (files: Record<string, string>): Promise<void> => {
      await page
        .locator("input[type=file]")
        .first()
        .setInputFiles(
          Object.entries(files).map(([name, text]) => ({
            name,
            mimeType: "application/json",
            buffer: Buffer.from(text),
          })),
        );
    };

    const bundle = (receipt: string): Record<string, string> => ({
      "receipt.json": receipt,
      "consortium.json": JSON.stringify(world.consortium),
      "anchors.json": JSON.stringify(world.anchors),
    });

    const verify = (): Promise<void> => page.getByRole("button", { name: "Verify", exact: true }).click();
    const marks = (result: string): Promise<number> => page.locator(`.result-${result}`).count();
    const green = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--good").trim());

    it("passes a good receipt, every check named and green", async () => {
      await open("#/verify");
      await choose(bundle(writeReceipt(world.receipt)));
      await verify();
      await page.getByRole("status").filter({ hasText: "Verified" }).waitFor();
      expect(await marks("passed")).to.be.greaterThan(20);
      expect(await marks("failed")).to.equal(0);
      expect(await marks("unchecked")).to.equal(0);
      await page.getByText("72 72.5 – /min").waitFor();
      // Focus is taken to the result, so that it is read out.
      expect(await page.evaluate(() => document.activeElement?.textContent)).to.equal("Result");
      await expectAccessible(page, "good receipt");
    });

    it("fails a tampered one and names the check", async () => {
      await open("#/verify");
      const { receipt } = world;
      const tampered = { ...receipt, leaf: { ...receipt.leaf, sequence: receipt.leaf.sequence + 1 } };
      await choose(bundle(writeReceipt(tampered)));
      await verify();
      await page.getByRole("status").filter({ hasText: "Not to be believed" }).waitFor();
      await page.getByRole("status").filter({ hasText: "content" }).waitFor();
      expect(await marks("failed")).to.be.greaterThan(0);
      await page.getByText("What it claims, and does not prove").waitFor();
      await expectAccessible(page, "tampered receipt");
    });

    it("shows what was not checked in grey, never in green", async () => {
      await open("#/verify");
      await paste(writeReceipt(world.receipt));
      await verify();
      await page.getByRole("status").filter({ hasText: "Not fully checked" }).waitFor();
      expect(await marks("unchecked")).to.be.greaterThan(5);
      const [colour, passed] = await page.evaluate(() =>
        [".result-unchecked .check-mark", ".result-passed .check-mark"].map((selector) => {
          const mark = document.querySelector(selector);
          return mark === null ? "" : getComputedStyle(mark).color;
        }),
      );
      expect(await green()).to.not.equal("");
      expect(colour).to.not.equal(passed);
      expect(await page.locator(".outcome.passed").count()).to.equal(0);
      const [red, greenPart, blue] = (colour?.match(/\d+/g) ?? []).map(Number);
      // Grey: no channel stands out.
      expect(Math.max(red ?? 0, greenPart ?? 0, blue ?? 0) - Math.min(red ?? 0, greenPart ?? 0, blue ?? 0)).to.be.below(
        20,
      );
      await expectAccessible(page, "not checked");
    });

    it("takes the result away when an input changes", async () => {
      await open("#/verify");
      await choose(bundle(writeReceipt(world.receipt)));
      await verify();
      await page.getByRole("status").filter({ hasText: "Verified" }).waitFor();
      await page.getByRole("button", { name: "Remove the anchors file" }).click();
      expect(await page.getByRole("status").count()).to.equal(0);
    });

    it("warns that a server vouching for itself proves less, before and after", async () => {
      await open("#/verify");
      await choose({ "receipt.json": writeReceipt(world.receipt), "anchors.json": JSON.stringify(world.anchors) });
      await page.getByRole("radio", { name: "What this server says" }).check();
      await page.getByText("A server that vouches for itself proves less.").waitFor();
      await verify();
      await page.getByText("This server vouched for itself.").waitFor();
      await expectAccessible(page, "self-vouched");
    });

    it("names the place in an input that cannot be used", async () => {
      await open("#/verify");
      await paste(writeReceipt(world.receipt).replace('"batch":{"count":3', '"batch":{"count":"3"'));
      await verify();
      const alert = page.getByRole("alert");
      await alert.filter({ hasText: "The receipt cannot be used" }).waitFor();
      await alert.filter({ hasText: "$.batch.count" }).waitFor();
      await expectAccessible(page, "unusable receipt");

      await paste('{"format":"receipt@1",\n"leaf":}');
      await verify();
      await alert.filter({ hasText: "line 2, column 8" }).waitFor();

      await paste(writeReceipt(world.receipt));
      await choose({ "consortium.json": '{"format":"consortium@1","name":"x"}' });
      await verify();
      await alert.filter({ hasText: "consortium.json cannot be used" }).waitFor();
      await alert.filter({ hasText: "$.chainId" }).waitFor();
    });

    it("asks a chain node by JSON-RPC, and does not believe another chain's", async () => {
      await open("#/verify");
      await choose({
        "receipt.json": writeReceipt(world.receipt),
        "consortium.json": JSON.stringify({ ...world.consortium, rpc: node.url }),
      });
      await page.getByRole("radio", { name: "A chain node, by JSON-RPC" }).check();
      // consortium.json has named the node already.
      expect(await page.getByLabel("Address of a node").inputValue()).to.equal(node.url);
      await verify();
      await page.locator(".outcome.failed").waitFor();
      const failed = await page.locator(".result-failed .check-name").allTextContents();
      expect(failed).to.include.members(["chain id", "genesis"]);
    });

    it("says so when the page policy keeps it from a node", async () => {
      await open("#/verify");
      await choose(bundle(writeReceipt(world.receipt)));
      await page.getByRole("radio", { name: "A chain node, by JSON-RPC" }).check();
      await page.getByLabel("Address of a node").fill("http://127.0.0.1:1/");
      await verify();
      await page.getByRole("alert").filter({ hasText: "policy of this page" }).waitFor();
      // The browser reports the breach that this test provokes; it is the only one allowed.
      complaints = complaints.filter((text) => !text.includes("http://127.0.0.1:1/"));
    });
  });

  for (const scheme of ["light", "dark"] as const) {
    it(`has no accessibility violation in ${scheme}, wide or on a phone`, async () => {
      for (const [hash, shown] of [
        ["#/fleet", "table"],
        ["#/twin", ".sign-in"],
        ["#/verify", "form"],
      ] as const) {
        await page.setViewportSize({ width: 1280, height: 900 });
        await open(hash, scheme);
        await page.locator(shown).waitFor();
        await expectAccessible(page, `${hash} ${scheme}`);
        await page.setViewportSize({ width: 360, height: 740 });
        await expectAccessible(page, `${hash} ${scheme} on a phone`);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(wider, `${hash} scrolls sideways on a phone`).to.be.at.most(0);
      }
    });
  }

  it("can be walked by keyboard alone, with the focus always to be seen", async () => {
    await open("#/fleet");
    await page.locator("table").waitFor();
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const here = document.activeElement;
        const outlined = here !== null && getComputedStyle(here).outlineStyle !== "none";
        return `${here?.textContent?.trim() ?? ""}${outlined ? "" : " (focus not visible)"}`;
      });
    const walked: string[] = [];
    const names = await page.getByRole("navigation").getByRole("link").allInnerTexts();
    expect(names.length).to.be.at.least(7);
    for (let step = 0; step < names.length + 2; step++) {
      await page.keyboard.press("Tab");
      walked.push(await focused());
    }
    expect(walked).to.deep.equal(["Skip to the page", ...names, ""]);

    await page.locator(".id button").first().focus();
    await page.keyboard.press("Enter");
    await page.getByText("Anchored up to").first().waitFor();

    await page.getByRole("link", { name: "Verify a receipt" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Verify a receipt" }).waitFor();
    // Past the file chooser into the paste field, over the ways to trust, to the button: no mouse.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.insertText(writeReceipt(world.receipt));
    for (let step = 0; step < 12; step++) {
      if ((await focused()) === "Verify") break;
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("status").filter({ hasText: "Not fully checked" }).waitFor();
  });
});
