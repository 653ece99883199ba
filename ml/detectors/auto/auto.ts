import type { Network } from "../../model/pack-model.ts";
import type { Detector, Learned } from "../detector.ts";
import { MlError } from "../../errors.ts";
import { chooseCombination, type Member } from "./choose-combination.ts";
import { judgeAuto } from "./judge-auto.ts";
import { parseAuto, type AutoSettings } from "./settings.ts";

const MOST_ENGINE = 80;

/** Compares detectors by blocked cross-validation on the training rows, and combines them where that is worth more. */
export function createAuto(detectors: readonly Detector[]): Detector {
  return {
    name: "auto",
    async learn(lesson) {
      const members: Member[] = [];
      for (const [at, detector] of detectors.entries()) {
        const progress = (done: number, what: string): Promise<void> =>
          lesson.progress((at + done) / detectors.length, `${detector.name}: ${what}`);
        const engine = detector.isPlain === true ? undefined : lesson.engine;
        members.push({ detector, learned: await detector.learn({ ...lesson, engine, progress }) });
      }
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
        method,
        compared,
        losses: kept.flatMap(({ detector, learned }) =>
          (learned.losses ?? []).map(({ network, lines }) => ({ network: `${detector.name} ${network}`, lines })),
        ),
      };
    },
    async restore({ networks, settings }, signals, engine) {
      const { members, combination } = parseAuto(settings);
      const judges = [];
      for (const { detector: name, ...own } of members) {
        const detector = detectors.find((each) => each.name === name);
        if (detector === undefined)
          throw new MlError("MODEL_FILE_UNUSABLE", { detail: `It has a member ${name}, which is no detector here.` });
        const parts = { ...own, networks: networksOf(networks, name) };
        judges.push(await detector.restore(parts, signals, detector.isPlain === true ? undefined : engine));
      }
      return judgeAuto(judges, combination, signals);
    },
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
