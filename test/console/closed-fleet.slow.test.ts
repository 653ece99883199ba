import { expect } from "chai";
import { createAccountKey } from "../../apps/cli/key-file.ts";
import { Journey } from "../helpers/journey.ts";
import { registerBedside } from "../helpers/bedside-device.ts";
import { expectAccessible } from "./axe.ts";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";

describe("journey: a server that tells of devices only whoever has signed in", function () {
  this.timeout(180_000);
  const journey = new Journey();
  let browser: OpenBrowser;

  before(async function () {
    browser = await openBrowser(this);
  });
  after(async () => {
    await browser?.close();
    await journey.close();
  });

  it("asks at the fleet page who you are, shows a steward's own devices and a stranger none, and serves the command line", async () => {
    const server = await journey.up(journey.path("data"), { FLEET: "signed-in" });
    const stewardKey = `${server.data}/keys/steward.key`;
    const strangerKey = journey.path("stranger.key");
    createAccountKey(strangerKey);
    const [device] = await registerBedside(server, 1);
    if (!device) throw new Error("no device");
    const at = ["--url", server.http, "--data", server.data];

    expect((await journey.run(["device", "list", "--url", server.http])).err).to.contain("SESSION_REQUIRED");
    const listed = await journey.ask<{ id: string }[]>(["device", "list", "--key", stewardKey, "--url", server.http]);
    expect(listed.map(({ id }) => id)).to.deep.equal([device.id]);
    expect(await journey.ask(["device", "list", "--key", strangerKey, "--url", server.http])).to.deep.equal([]);
    await journey.ask(["twin", "new", "--device", device.id, "--segments", "heart", ...at]);
    expect(await journey.ask<object[]>(["assignment", "list", device.id, ...at])).to.have.length(1);

    const page = await browser.context.newPage();
    page.setDefaultTimeout(20_000);
    for (const [key, told] of [
      [strangerKey, "None of this server’s devices is yours"],
      [stewardKey, device.id.slice(0, 8)],
    ] as const) {
      await page.goto(`${server.http}/#/fleet`);
      await page.getByText("tells of devices only to those who have signed in").waitFor();
      await expectAccessible(page, "a fleet that is not told");
      expect(await page.content()).not.to.contain(device.id.slice(0, 8));
      await page.locator("input[type=file]").setInputFiles(key);
      await page.getByText(told).first().waitFor();
      const { SCREENSHOTS } = process.env;
      if (SCREENSHOTS !== undefined) await page.screenshot({ path: `${SCREENSHOTS}/closed-fleet.png`, fullPage: true });
      await page.reload();
    }
    await page.close();
  });
});
