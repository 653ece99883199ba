import { expect } from "chai";
import type { Locator, Page } from "playwright-core";
import { giveGrant } from "../../apps/cli/commands/grant.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { createAccountKey, fresh } from "../../apps/cli/key-file.ts";
import { registerDevice } from "../../apps/cli/register-device.ts";
import type { HistoryPage } from "../../apps/sdk/answers.ts";
import { newPrivateKey } from "../../protocol/es256.ts";
import { BedsideDevice, wordOf } from "../helpers/bedside-device.ts";
import { Journey, until, type Server } from "../helpers/journey.ts";
import { answering, forge } from "./change-answers.ts";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";
import { PUMP } from "./pump.ts";
import { seen } from "./seen.ts";

const READINGS = 60;
const PERIOD = 3_200;
const SAMPLES = 20;
/** So many sequences, and their time, are missing after this one. */
const LOST = 10;
const GAP_AFTER = 30;
/** Room left and right of the plot, px; apps/console/twin/chart-panel.tsx. */
const [LEFT, RIGHT] = [48, 8];
const REACH = 300_000;

/** What the server is made to say of the newest readings, which would be anchored within a second. */
const SEALED_FROM = READINGS + LOST - 20;
const ACCEPTED_FROM = READINGS + LOST - 10;
const FORGED = 45;

const MARKS = ["accepted", "sealed", "anchored", "mismatch"] as const;

/** 12 × 12 pixels as they are on the screen, against the colour of their corner. */
interface Mark {
  readonly shape: readonly boolean[];
  /** The pixel furthest from the corner's colour. */
  readonly ink: readonly number[];
}

describe("a twin's chart, as it is drawn", () => {
  const journey = new Journey();
  let browser: OpenBrowser;
  let server: Server;
  let device: BedsideDevice;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    browser = await openBrowser(this);
    server = await journey.up(journey.path("data"));
    const stewardKey = `${server.data}/keys/steward.key`;
    const keyFile = journey.path("clinician.key");
    const reader = createAccountKey(keyFile);
    const key = newPrivateKey(fresh);
    const registered = await registerDevice(server.client, stewardKey, { key, model: PUMP });
    device = new BedsideDevice(registered.device, key);
    const url = server.http;
    const twin = await createTwin({ url, device: device.id, segments: ["flow", "pressure"], name: "pump", stewardKey });
    await giveGrant({ url, twin, reader, purposes: ["care"], until: Date.now() + 3_600_000, stewardKey });
    await sendMinutes();

    page = await browser.context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.route("**/v1/twins/*/history*", (route) =>
      answering<HistoryPage>(route, (history) => ({ ...history, readings: history.readings.map(told) })),
    );
    await page.goto(`${server.http}/#/twin`);
    await page.locator("input[type=file]").setInputFiles(keyFile);
    await page.getByRole("button", { name: "Read", exact: true }).click();
    await page.locator('.band [data-standing="accepted"]').first().waitFor();
    await page.getByRole("button", { name: "Hold still" }).click();
  });
  after(async () => {
    await browser?.close();
    await journey.close();
  });
  afterEach(() => expect(complaints, "what the browser complained of").to.deep.equal([]));

  async function sendMinutes(): Promise<void> {
    const start = Date.now() - (READINGS + LOST) * PERIOD;
    const signed: string[] = [];
    for (let n = 0; n < READINGS; n++) {
      const gap = n === GAP_AFTER ? { gap: LOST } : {};
      signed.push(await device.next({ ...readingAt(start + (n < GAP_AFTER ? n : n + LOST) * PERIOD), ...gap }));
    }
    const answers = await server.client.postReadings(signed);
    expect(answers.map(wordOf).filter((word) => !word.startsWith("ack"))).to.deep.equal([]);
    await until("everything is anchored", async () => {
      const { devices } = await server.client.devices();
      return devices.some(({ anchoredSequence }) => anchoredSequence === device.sequence) || undefined;
    });
  }

  function readingAt(from: number): Parameters<BedsideDevice["next"]>[0] & object {
    const t = Array.from({ length: SAMPLES }, (_, i) => (i * PERIOD) / SAMPLES);
    const v = t.map((ms) => Math.round(120 + 20 * Math.sin((from + ms) / 9_000)));
    const [iat, per] = [Math.floor((from + PERIOD) / 1_000), [from, from + PERIOD] as const];
    return { model: PUMP.name, per, iat, segments: PUMP.segments.map(({ name, unit }) => ({ name, unit, t, v })) };
  }

  function told(row: HistoryPage["readings"][number]): HistoryPage["readings"][number] {
    const { sequence } = row;
    if (sequence === FORGED) return { ...row, reading: forge(row.reading) };
    if (sequence < SEALED_FROM) return row;
    return sequence < ACCEPTED_FROM ? { ...row, state: "sealed" } : { ...row, state: "accepted", batch: null };
  }

  const canvas = (): Locator => page.locator(".panel canvas").first();

  /** Pixels of a screenshot of this rectangle, four numbers each; decoded elsewhere, because the page's policy forbids it. */
  async function pixelsOf(clip: { x: number; y: number; width: number; height: number }): Promise<number[][]> {
    const png = (await page.screenshot({ clip })).toString("base64");
    const decoder = await browser.context.newPage();
    try {
      return await decoder.evaluate(async (text) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const drawing = new OffscreenCanvas(image.width, image.height).getContext("2d");
        drawing?.drawImage(image, 0, 0);
        const { data } = drawing?.getImageData(0, 0, image.width, image.height) ?? { data: [] };
        return Array.from({ length: data.length / 4 }, (_, i) => [...data.slice(4 * i, 4 * i + 3)]);
      }, png);
    } finally {
      await decoder.close();
    }
  }

  const distance = (a: readonly number[], b: readonly number[]): number =>
    Math.hypot(...a.map((one, i) => one - (b[i] ?? 0)));

  async function markOf(standing: (typeof MARKS)[number]): Promise<Mark> {
    const box = await page.locator(`.band [data-standing="${standing}"]`).first().boundingBox();
    if (box === null) return expect.fail(`no mark of ${standing}`);
    // From the middle outwards: a mark's own box is as small as its strokes.
    const [x, y] = [Math.round(box.x + box.width / 2) - 6, Math.round(box.y + box.height / 2) - 6];
    const pixels = await pixelsOf({ x, y, width: 12, height: 12 });
    const [corner = []] = pixels;
    const away = pixels.map((pixel) => distance(pixel, corner));
    const furthest = Math.max(...away);
    return { shape: away.map((one) => one > furthest / 2), ink: pixels[away.indexOf(furthest)] ?? [] };
  }

  for (const scheme of ["light", "dark"] as const) {
    it(`marks accepted, sealed, anchored and mismatch each by a shape and a colour of its own, in ${scheme}`, async () => {
      await page.emulateMedia({ colorScheme: scheme });
      const marks = new Map<string, Mark>();
      for (const standing of MARKS) marks.set(standing, await markOf(standing));
      for (const [i, a] of MARKS.entries())
        for (const b of MARKS.slice(i + 1)) {
          const [one, other] = [marks.get(a), marks.get(b)];
          if (!one || !other) return expect.fail("no mark");
          const differing = one.shape.filter((inked, at) => inked !== other.shape[at]).length;
          expect(differing, `pixels in which ${a} and ${b} differ`).to.be.at.least(12);
          expect(distance(one.ink, other.ink), `colours of ${a} and ${b}`).to.be.at.least(40);
        }
      for (const standing of MARKS)
        expect(await page.locator(".key li").filter({ hasText: standing }).locator("b").innerText()).not.to.equal("0");
    });
  }

  interface Column {
    readonly hatch: number;
    readonly wash: number;
    readonly line: number;
  }

  /** Of each column of the first canvas, how many pixels have which of the page's present colours. */
  const columnsDrawn = (): Promise<Column[]> =>
    page.evaluate(() => {
      const [drawn] = document.querySelectorAll<HTMLCanvasElement>(".panel canvas");
      const context = drawn?.getContext("2d");
      if (!drawn || !context) return [];
      const style = getComputedStyle(document.documentElement);
      const rgb = (name: string): number[] => {
        const one = new OffscreenCanvas(1, 1).getContext("2d") as OffscreenCanvasRenderingContext2D;
        one.fillStyle = style.getPropertyValue(name).trim();
        one.fillRect(0, 0, 1, 1);
        return [...one.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      };
      const [warn, wash, accent] = [rgb("--warn"), rgb("--warn-wash"), rgb("--accent")];
      const { data } = context.getImageData(0, 0, drawn.width, drawn.height);
      return Array.from({ length: drawn.width }, (_, x) => {
        const count = ([r = 0, g = 0, b = 0]: number[], within: number): number =>
          Array.from({ length: drawn.height }, (_, y) => 4 * (y * drawn.width + x)).filter((at) => {
            const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(at, at + 4);
            return alpha > 200 && Math.hypot(red - r, green - g, blue - b) < within;
          }).length;
        // A slanted stroke is nowhere as dark as its colour.
        return { hatch: count(warn, 100), wash: count(wash, 40), line: count(accent, 40) };
      });
    });

  it("hatches where readings are missing, and draws no line over it", async () => {
    await page.emulateMedia({ colorScheme: "light" });
    // A change of colours is drawn with the next frame.
    const found = await until("the line is drawn in the page's colours", async () => {
      const columns = await columnsDrawn();
      return columns.filter(({ line }) => line > 0).length > 300 ? columns : undefined;
    });
    const hatched = found.flatMap(({ hatch }, x) => (hatch > 0 ? [x] : []));
    const [first = 0, last = 0] = [hatched[0], hatched.at(-1)];
    const wide = found.length - LEFT - RIGHT;
    expect(last - first, "the time that is missing").to.be.closeTo((LOST * PERIOD * wide) / REACH, 4);
    expect(hatched.length, "columns with a stroke").to.be.above((last - first) * 0.9);
    // A few columns in from both ends: there a sample's line may reach over.
    const inside = found.slice(first + 4, last - 3);
    expect(inside.filter(({ wash, line }) => line > 0 || wash < 20)).to.deep.equal([]);
    expect(await page.locator(`.band [data-lost="${LOST}"]`).count()).to.equal(1);
  });

  it("opens the receipt of the reading that is clicked on the canvas", async () => {
    const box = await canvas().boundingBox();
    if (box === null) return expect.fail("no canvas");
    const plot = box.width - LEFT - RIGHT;
    /** The reading that a real click at this share of the plot opens. */
    const opened = async (share: number): Promise<number> => {
      await page.mouse.click(box.x + LEFT + share * plot, box.y + box.height / 2);
      const name = await page.getByRole("dialog").getByRole("heading").first().innerText();
      await page.getByRole("dialog").getByText("Period").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      return Number(/^Reading (\d+)$/.exec(name)?.[1]);
    };
    // Times and sequences go alike here: what is lost has its time.
    const [early, middle, late] = [await opened(0.4), await opened(0.7), await opened(0.9)];
    const each = (REACH / PERIOD) * 0.1;
    expect(middle - early).to.be.closeTo(3 * each, 1);
    expect(late - middle).to.be.closeTo(2 * each, 1);
    // At the right edge is the present: the newest was just over when everything was sent.
    const end = await opened(0.999);
    expect(end).to.equal(device.sequence);
    await seen(page, "chart");
  });
});
