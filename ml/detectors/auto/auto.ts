import type { Network } from "../../model/pack-model.ts";
import type { Detector, Learned, Lesson } from "../detector.ts";
import { MlError } from "../../errors.ts";
import { UNKEPT } from "../work.ts";
import { chooseCombination, type Member } from "./choose-combination.ts";
import { judgeAuto, type JudgingMember } from "./judge-auto.ts";
import { parseAuto, type AutoSettings } from "./settings.ts";

const MOST_ENGINE = 80;

/** Compares detectors by blocked cross-validation on the training rows, and combines them where that is worth more. */
export function createAuto(detectors: readonly Detector[]): Detector {
  return {
    name: "auto",
    async learn(lesson) {
      const { members, left } = await learnAll(detectors, lesson);
      const { kept, combination, outOfFold, method, compared } = chooseCombination(members, lesson);
      const settings: AutoSettings = {
        members: kept.map(({ detector, learned: { parts } }) => ({
          detector: detector.name,
          settings: parts.settings,
          scaler: parts.scaler,
        })),
        combination,
      };
      return {
        outOfFold,
        parts: { networks: joinNetworks(kept), scaler: [], settings: settings },
        engine: [...new Set(kept.map(({ learned }) => learned.engine))].join(" + ").slice(0, MOST_ENGINE),
        method: `${left.map((told) => `${told} `).join("")}${method}`,
        compared,
        losses: kept.flatMap(({ detector, learned }) =>
          (learned.losses ?? []).map(({ network, lines }) => ({ network: `${detector.name} ${network}`, lines })),
        ),
      };
    },
    async restore({ networks, settings }, signals, engine) {
      const { members, combination } = parseAuto(settings);
      const judging: JudgingMember[] = [];
      for (const { detector: name, ...own } of members) {
        const detector = detectors.find((each) => each.name === name);
        if (detector === undefined)
          throw new MlError("MODEL_FILE_UNUSABLE", { detail: `It has a member ${name}, which is no detector here.` });
        const parts = { ...own, networks: networksOf(networks, name) };
        const judge = await detector.restore(parts, signals, detector.isPlain === true ? undefined : engine);
        judging.push({ detector: name, judge });
      }
      return judgeAuto(judging, combination, signals);
    },
  };
}

/** With these a detector says that it can do nothing with such rows; the others may. */
const UNABLE: readonly string[] = ["TRAINING_INVALID", "TRAINING_DIVERGED"];

/**
 * All detectors side by side: networks train in threads while trees grow here. Who can do nothing with the rows is left out, and
 * said; any other error, or nobody left, ends them all.
 */
async function learnAll(
  detectors: readonly Detector[],
  lesson: Lesson,
): Promise<{ members: readonly Member[]; left: readonly string[] }> {
  const { work = UNKEPT } = lesson;
  const shares = detectors.map(() => 0);
  let failure: Error | undefined;
  const learned = await Promise.all(
    detectors.map(async (detector, n) => {
      const progress = async (done: number, what: string): Promise<void> => {
        if (failure !== undefined) throw failure;
        shares[n] = done;
        const all = shares.reduce((sum, own) => sum + own, 0) / detectors.length;
        await lesson.progress(all, `${detector.name}: ${what}`);
      };
      const engine = detector.isPlain === true ? undefined : lesson.engine;
      try {
        const own = await work.learn(detector.name, () => detector.learn({ ...lesson, engine, progress }));
        await progress(1, "has learned");
        return { detector, learned: own };
      } catch (thrown) {
        const error = thrown as Error;
        shares[n] = 1;
        if (error instanceof MlError && UNABLE.includes(error.code)) return { detector, error };
        failure ??= error;
        return { detector, error };
      }
    }),
  );
  const members = learned.flatMap(({ detector, learned: own }) =>
    own === undefined ? [] : [{ detector, learned: own }],
  );
  const unable = learned.flatMap(({ detector, error }) => (error === undefined ? [] : [{ detector, error }]));
  if (failure !== undefined) throw failure;
  if (members.length === 0) throw unable[0]!.error;
  return {
    members,
    left: unable.map(({ detector, error }) => `Left out: ${detector.name} (${error.message})`),
  };
}

/** Each network's name, after its detector's. */
const joinNetworks = (kept: readonly Member[]): Record<string, Network> =>
  Object.fromEntries(
    kept.flatMap(({ detector, learned }) =>
      Object.entries(learned.parts.networks).map(([name, network]) => [`${detector.name} ${name}`, network] as const),
    ),
  );

function networksOf(networks: Learned["parts"]["networks"], detector: string): Record<string, Network> {
  const own = Object.entries(networks).filter(([name]) => name.startsWith(`${detector} `));
  return Object.fromEntries(own.map(([name, network]) => [name.slice(detector.length + 1), network]));
}
