/** Measures the ward's PCA on people it has never seen, attack by attack: the figures of lab/README.md. */
import { parseArgs } from "node:util";
import { fitWardModel } from "../../lab/fit.ts";
import {
  describeAttack,
  MEASURED_ATTACKS,
  measureAttack,
  measureClean,
  type AttackMeasure,
  type CleanMeasure,
} from "../../lab/measure.ts";
import { hashModel } from "../../ml/model-hash.ts";
import { measureSpeed, tellSpeed } from "./parts/detect-speed.ts";

const HELP = `Usage: twinward bench detect [options], or node scripts/bench/detect.ts [options]

What the PCA of the ward finds, and what it does not; \`twinward bench detect --ward\` measures what oracles judge by

  --people N        attacked people per kind of false data (200)
  --clean-people N  people who are not attacked (300)
  --hours N         hours of each of them (4)
  --seed WORDS      draws the people; never those whom the detector was fitted on (bench)
  --speed           instead: how fast a hybrid judges, row by row and in batches, and its memory
  --seconds N       how long each is measured for --speed (2)
  --json            one JSON value instead of a table

All as given by default takes some minutes of one core. What is at work is said on stderr.`;

/** The seed of what is fitted; its people are drawn under names of their own. */
const FITTED = "ward";
const WINDOWS_PER_HOUR = 360;

interface Figures {
  readonly model: string;
  readonly clean: CleanMeasure;
  readonly attacks: { readonly attack: string; readonly standing: AttackMeasure; readonly onset: AttackMeasure }[];
}

const { values } = readWords();
if (values.help) console.log(HELP);
else if (values.speed) {
  const speed = await measureSpeed(values.seconds);
  console.log(values.json ? JSON.stringify(speed) : tellSpeed(speed));
} else {
  const figures = measure();
  console.log(values.json ? JSON.stringify(figures) : table(figures));
}

function readWords() {
  const count = (text: string): number => {
    const n = Number(text);
    if (!(n > 0)) usage(`${text} is not a number above 0`);
    return n;
  };
  try {
    const { values: said } = parseArgs({
      options: {
        people: { type: "string", default: "200" },
        "clean-people": { type: "string", default: "300" },
        hours: { type: "string", default: "4" },
        seed: { type: "string", default: "bench" },
        speed: { type: "boolean", default: false },
        seconds: { type: "string", default: "2" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const [people, cleanPeople] = [count(said.people), count(said["clean-people"])].map(Math.ceil) as [number, number];
    return { values: { ...said, people, cleanPeople, hours: count(said.hours), seconds: count(said.seconds) } };
  } catch (error) {
    return usage((error as Error).message);
  }
}

function usage(why: string): never {
  console.error(`${why}\n\n${HELP}`);
  process.exit(2);
}

function measure(): Figures {
  const { people, cleanPeople, hours, seed } = values;
  const at = (what: string): void => console.error(what);
  at("fitting the detector");
  const model = fitWardModel(FITTED);
  at(`${cleanPeople} people who are not attacked`);
  const clean = measureClean(model, seed, cleanPeople, Math.ceil(hours * WINDOWS_PER_HOUR));
  const attacks = MEASURED_ATTACKS.map((shape) => {
    const attack = describeAttack(shape);
    at(attack);
    const [standing, onset] = (["standing", "onset"] as const).map((beginning) =>
      measureAttack(model, seed, people, shape, beginning),
    ) as [AttackMeasure, AttackMeasure];
    return { attack, standing, onset };
  });
  return { model: hashModel(model), clean, attacks };
}

function table({ model, clean, attacks }: Figures): string {
  const percent = (n: number, of: number): string => `${Math.round((1000 * n) / of) / 10}`;
  const cells = (m: AttackMeasure): string[] => [
    percent(m.noticed, m.bodies),
    percent(m.quarantined, m.bodies),
    percent(m.withinMinute, m.bodies),
    m.delay ? `${m.delay.median} / ${m.delay.p95}` : "–",
  ];
  const rows = [
    ["false data", ...["standing", "onset"].flatMap((b) => [`${b}: noticed`, "quarantined", "within 1 min", "delay"])],
    ...attacks.map(({ attack, standing, onset }) => [attack, ...cells(standing), ...cells(onset)]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  return [
    `model ${model}`,
    `clean: ${clean.windows} windows of ${clean.bodies} people, ${clean.quarantine} quarantined, ${clean.suspect} suspect`,
    "",
    "% of people, in the window in which the attack stands or begins; delay in readings, median / 95th percentile",
    "",
    ...rows.map(line),
  ].join("\n");
}
