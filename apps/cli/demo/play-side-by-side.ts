import { parsePresentation } from "../../../protocol/reading.ts";
import { valuesOf } from "../../../protocol/release.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import type { Purpose } from "../../../protocol/words.ts";
import type { HistoryPage, HistoryReading, HistoryRelease } from "../../sdk/answers.ts";
import type { Client } from "../../sdk/client.ts";
import { say, step, until } from "./parts.ts";

interface Reader {
  readonly client: Client;
  readonly twin: Hex;
  readonly purpose: Purpose;
}

const INTERVAL_S = 5;
const SHOWN = 2;
/** What an interval costs of each segment's privacy budget. */
const EPSILON = 4;

/** How a researcher sees the ward: means of a few seconds with noise that is drawn once and for all. */
export const NOISED = {
  segments: ["heart", "spo2"],
  resolution: { interval: INTERVAL_S, show: ["mean"] },
  noise: {
    ...{ epsilon: EPSILON, budget: 400, unit: "reading", neighbours: "replace" },
    segments: {
      heart: { clamp: [40, 140], scale: 1, denominator: INTERVAL_S },
      spo2: { clamp: [85, 100], scale: 10, denominator: INTERVAL_S },
    },
  },
} as const;

/** The same seconds of the same device, as three readers see them. Throws where one is shown what is not theirs. */
export async function playSideBySide(readers: {
  readonly clinician: Reader;
  readonly family: Reader;
  readonly researcher: Reader;
}): Promise<void> {
  step("Side by side: one device, and what each of three is shown of the same seconds");
  const study = await until("two intervals are over", async () => {
    const page = await readPage(readers.researcher);
    return (page.releases?.length ?? 0) >= SHOWN ? page : undefined;
  });
  const again = await readPage(readers.researcher);
  const [clinician, family] = [await readPage(readers.clinician), await readPage(readers.family)];
  for (const release of (study.releases ?? []).slice(-SHOWN)) {
    const during = (page: HistoryPage): HistoryReading[] =>
      page.readings.filter(({ from }) => from >= release.from && from < release.until);
    say(`${timeText(release.from)}–${timeText(release.until)}`);
    say(`  clinician  ${readingsText(during(clinician))}`);
    say(`  family app ${readingsText(during(family))}`);
    say(`  researcher ${releaseText(release)}, noised: ε ${EPSILON} each`);
    const same = again.releases?.find(({ leaf }) => leaf === release.leaf);
    if (same?.values.join() !== release.values.join())
      throw new Error("The researcher was shown two draws of one value.");
  }
  const shown = (page: HistoryPage): string =>
    [...new Set(page.readings.flatMap(({ reading }) => segmentsOf(reading)))].sort().join();
  if (shown(family) !== "heart") throw new Error(`The family was shown ${shown(family)}.`);
  if (study.readings.length > 0) throw new Error("The researcher was shown a reading.");
  say("asked again, the researcher gets the very same draws: asking more often tells nothing more");
}

async function readPage({ client, twin, purpose }: Reader): Promise<HistoryPage> {
  return client.history(twin, { purpose, limit: 500 });
}

const segmentsOf = (reading: string): string[] => parsePresentation(reading).disclosures.map(({ segment }) => segment);

/** How many readings, and the newest of their values. */
function readingsText(readings: readonly HistoryReading[]): string {
  const newest = readings.at(-1);
  const values = newest ? parsePresentation(newest.reading).disclosures : [];
  const told = values.map(({ segment, unit, v }) => `${segment} ${v.at(-1) ?? "–"} ${unit}`).join(" · ");
  return `${readings.length} readings, the last: ${told}`;
}

function releaseText({ values }: HistoryRelease): string {
  return valuesOf(values)
    .map(({ segment, unit, aggregates }) => `${segment} mean ${Math.round(10 * (aggregates.mean ?? 0)) / 10} ${unit}`)
    .join(" · ");
}

const timeText = (ms: number): string => new Date(ms).toISOString().slice(11, 19);
