/** One of several threads that simulate people: asked for one at a time, so that none waits for another. */
import { parentPort, workerData } from "node:worker_threads";
import { loadEngine } from "../ml/engines/load.ts";
import { openDetector } from "../ml/detectors/open-detector.ts";
import { openRows } from "../ml/detectors/regime/score-rows.ts";
import { scoreTrained } from "../ml/detectors/trained/open-trained.ts";
import { countCalls, delayOf, scoreClean, worstEpisodes, type Called, type Scorers } from "./scan-person.ts";
import type { Answer, LearnedModel, Question, ScanPlan } from "./scan-people.ts";

const BATCH = 1_024;
const { model } = workerData as ScanPlan;
const scorers: Scorers = { pca: model.pca, learned: await openLearned(model.learned) };

async function openLearned({ regime, trained }: LearnedModel): Promise<Scorers["learned"]> {
  const scorer = regime && (await openRows(regime, await loadEngine(), BATCH));
  const detector = trained && (await openDetector(trained.model));
  return async (rows) => ({
    ...(scorer && { regime: await scorer.score(rows) }),
    ...(trained && detector && { rows: await scoreTrained(trained, detector, rows) }),
  });
}

async function answer(question: Question): Promise<Answer> {
  if (question.kind === "delay") {
    const { seed, rules, shape, before, seconds } = question;
    const delays = [];
    for (const own of rules)
      delays.push(await delayOf(scorers, own, seed, { before, seconds }, (from) => ({ ...shape, from })));
    return { kind: "delay", delays };
  }
  const { seed, hours } = question;
  if (question.kind === "worst") {
    const worst = question.streams.map(() => [] as number[]);
    for await (const scores of scoreClean(scorers, seed, hours))
      question.streams.forEach(({ part, sustain }, n) =>
        worst[n]!.push(...worstEpisodes(scores[part]!, sustain, question.most)),
      );
    return { kind: "worst", worst };
  }
  const calls = question.rules.map(() => ({ suspect: none(), quarantine: none() }));
  for await (const scores of scoreClean(scorers, seed, hours))
    question.rules.forEach((rules, n) => {
      for (const decides of ["suspect", "quarantine"] as const)
        calls[n]![decides] = sum(calls[n]![decides], countCalls(rules, scores, decides));
    });
  return { kind: "calls", calls };
}

const none = (): Called => ({ rounds: 0, episodes: 0 });
const sum = (a: Called, b: Called): Called => ({ rounds: a.rounds + b.rounds, episodes: a.episodes + b.episodes });

parentPort?.on("message", (question: Question) => {
  void answer(question).then((said) => parentPort?.postMessage(said));
});
