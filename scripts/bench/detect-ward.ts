/** Measures the ward's detectors by simulated weeks, without gateway or chain: the figures of docs/detection.md, "On the ward". */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { showProgress } from "../../apps/cli/show-progress.ts";
import { pcaRules, WEEK_HOURS } from "../../lab/calibrate-ward.ts";
import { fitWardModel } from "../../lab/fit.ts";
import { WARD_SEED } from "../../lab/fit-regime.ts";
import { describeAttack, type AttackShape } from "../../lab/measure.ts";
import { scanPeople, type ScanPlan } from "../../lab/scan-people.ts";
import type { PcaModel } from "../../ml/detectors/pca-model.ts";
import { DETECTOR as REGIME, parseRegime } from "../../ml/detectors/regime/pack-regime.ts";
import type { Part, Rule } from "../../ml/detectors/regime/rules.ts";
import { parseTrained } from "../../ml/detectors/trained/parse-trained.ts";
import { poissonInterval } from "../../ml/evaluate/poisson.ts";
import { loadModel } from "../../ml/model/model-files.ts";
import { quantile } from "./parts/quantile.ts";
import { readWords, say } from "./parts/read-words.ts";

const HELP = `Usage: twinward bench detect --ward [options]

False alarms of the ward's detectors over weeks of clean simulation, and how soon they find a false heart rate

  --weeks N     device-weeks of clean simulation, disturbances included (52)
  --people N    attacked people for each strength (200)
  --threads N   (all cores)
  --model DIR   the learned detector, of detect train or of the repository (lab/models/ward)
  --seed WORDS  draws the people; never those whom a detector learned from or was calibrated by (study)
  --json        one JSON value instead of tables

As given by default it takes about twenty minutes of two cores.`;

const SHIPPED = fileURLToPath(new URL("../../lab/models/ward", import.meta.url));
const HOURS_EACH = 6;
const STRENGTHS = [10, 15, 20, 30, 40];
/** How long an attack is waited for. */
const WITHIN_SECONDS = 120;
type Kind = "suspect" | "quarantine";

const { ward, ...words } = readWords(HELP, {
  ward: true,
  weeks: 52,
  people: 200,
  threads: availableParallelism(),
  model: SHIPPED,
  seed: "study",
  json: false,
});
if (ward && [WARD_SEED, ""].includes(words.seed)) {
  say(`--seed ${JSON.stringify(words.seed)} draws the people that the detectors know.`);
  process.exit(2);
}

const { model, hash } = loadModel(words.model);
const fitted = fitWardModel(WARD_SEED);
const { scanned, rules, calibrated } = open();
const { regime, trained } = scanned.learned;
const alone = (name: string, part: Part) => ({
  name: `${name} alone`,
  rules: rules.filter((rule) => rule.part === part),
});
const names = [
  ...(regime ? ["regime"] : []),
  ...(trained ? [trained.model.card.detector] : []),
  ...(rules.some(({ part }) => part === "pca") ? ["PCA"] : []),
];
const detectors: { name: string; rules: readonly Rule[] }[] = [
  { name: "PCA, as it was fitted", rules: pcaRules(fitted) },
  ...(calibrated ? [{ name: "PCA, calibrated by weeks", rules: pcaRules(calibrated) }] : []),
  ...(regime ? [alone("regime", "regime")] : []),
  ...(trained ? [alone(trained.model.card.detector, "rows")] : []),
  ...(names.length > 1 ? [{ name: `${names.join(" and ")} (oracles)`, rules }] : []),
];
const figures = { model: hash, ...(await measureClean()), attacks: await measureAttacks() };
console.log(words.json ? JSON.stringify(figures) : table());

/** A model as oracles take it; the PCA beside one that has none is as it was fitted, and decides nothing. */
function open(): { scanned: ScanPlan["model"]; rules: readonly Rule[]; calibrated: PcaModel | undefined } {
  if (model.card.detector === REGIME) {
    const { regime, twin: trained, pca, rules } = parseRegime(model);
    return { scanned: { pca, learned: { regime, trained } }, rules, calibrated: pca };
  }
  const trained = parseTrained(model);
  const { pca, rules } = trained;
  return { scanned: { pca: pca ?? fitted, learned: { trained } }, rules, calibrated: pca };
}

/** False alarms by detector. */
async function measureClean() {
  const people = Math.ceil((words.weeks * WEEK_HOURS) / HOURS_EACH);
  const weeks = (people * HOURS_EACH) / WEEK_HOURS;
  const questions = Array.from({ length: people }, (_, n) => ({
    kind: "calls" as const,
    ...{ seed: `${words.seed}/clean/${n}`, hours: HOURS_EACH, rules: detectors.map(({ rules }) => rules) },
  }));
  const answers = await scan("clean weeks", questions);
  const clean = detectors.map(({ name }, n) => {
    const of = (decides: Kind) => {
      const called = answers.map(({ calls }) => calls[n]![decides]);
      const episodes = called.reduce((sum, own) => sum + own.episodes, 0);
      const [low, high] = poissonInterval(episodes);
      const rounds = called.reduce((sum, own) => sum + own.rounds, 0);
      return { episodes, rounds, perWeek: episodes / weeks, low: low / weeks, high: high / weeks };
    };
    return { detector: name, alarms: of("suspect"), quarantines: of("quarantine") };
  });
  return { weeks, people, clean };
}

/** Delays in readings of one second, from the first false one to the one at which a verdict is found. */
async function measureAttacks() {
  const found = [];
  for (const amount of STRENGTHS) {
    const shape: AttackShape = { segment: "heart", kind: "offset", amount };
    const questions = Array.from({ length: Math.ceil(words.people) }, (_, n) => ({
      kind: "delay" as const,
      ...{ seed: `${words.seed}/attack/${n}`, shape, rules: detectors.map(({ rules }) => rules) },
      // Everybody is met at another moment, and of a round in another phase.
      ...{ before: 60 + 7 * n, seconds: WITHIN_SECONDS },
    }));
    const answers = await scan(describeAttack(shape), questions);
    const by = detectors.map(({ name }, n) => {
      const of = (decides: Kind) => {
        const delays = answers.flatMap(({ delays: own }) => own[n]![decides] ?? []).sort((a, b) => a - b);
        const [median, p95] = delays.length === 0 ? [null, null] : [quantile(delays, 0.5), quantile(delays, 0.95)];
        return { share: delays.length / questions.length, median, p95 };
      };
      return { detector: name, alarm: of("suspect"), quarantine: of("quarantine") };
    });
    found.push({ attack: describeAttack(shape), people: questions.length, by });
  }
  return found;
}

async function scan<Q extends Parameters<typeof scanPeople>[0][number]>(what: string, questions: readonly Q[]) {
  const bar = showProgress(what);
  say(what);
  const threads = Math.ceil(words.threads);
  const answers = await scanPeople(questions, {
    model: scanned,
    threads,
    onDone: (done) => void bar.update(done, ""),
  });
  bar.stop();
  return answers;
}

function table(): string {
  const { weeks, people, clean, attacks } = figures;
  const n = (value: number): string => value.toFixed(2);
  const alarms = clean.map(({ detector, alarms: a, quarantines: q }) => {
    const rate = ({ perWeek, low, high }: typeof a): string => `${n(perWeek)} (${n(low)}–${n(high)})`;
    return `| ${detector} | ${a.episodes} | ${rate(a)} | ${q.episodes} | ${rate(q)} | ${a.rounds} |`;
  });
  const delays = attacks.flatMap(({ attack, by }) =>
    by.map(({ detector, alarm, quarantine }) => {
      const told = ({ share, median, p95 }: typeof alarm): string =>
        `${(100 * share).toFixed(1)} | ${median === null ? "–" : `${median} / ${p95}`}`;
      return `| ${attack} | ${detector} | ${told(alarm)} | ${told(quarantine)} |`;
    }),
  );
  return [
    `model ${figures.model}`,
    `${weeks.toFixed(1)} device-weeks of ${people} clean people`,
    "",
    "| detector | alarms | per device-week (95 %) | of them quarantines | per device-week (95 %) | rounds with a verdict |",
    "|---|---|---|---|---|---|",
    ...alarms,
    "",
    `| false data | detector | % found within ${WITHIN_SECONDS} s | readings, median / 95th percentile | % quarantined | readings |`,
    "|---|---|---|---|---|---|",
    ...delays,
  ].join("\n");
}
