import type { Fold } from "../data/folds.ts";
import type { Frame } from "../data/frame.ts";
import type { ThresholdTarget } from "../evaluate/threshold.ts";
import type { Model } from "../model/pack-model.ts";
import type { Work } from "./work.ts";

/** What a detector learns from. Everything that is chosen is chosen on these rows. */
export interface Lesson {
  readonly frame: Frame;
  /** 1 where attacked; undefined where nobody has said it: then the rows are taken for clean. */
  readonly labels: Uint8Array | undefined;
  /** A cross-validation in blocks of time; its gaps are `gap` rows, so no look back may be longer. */
  readonly folds: readonly Fold[];
  readonly gap: number;
  /** What the threshold will be chosen for, and so what choices are worth (`worthOf`); undefined: F1. */
  readonly target?: ThresholdTarget | undefined;
  /** How much each row should count in learning; all alike without it. */
  readonly weights?: Float64Array | undefined;
  readonly seed: string;
  /** What computes networks, by name; undefined for the default. Detectors without networks refuse it. */
  readonly engine: string | undefined;
  /** Does what takes long; without it nothing is kept of it. */
  readonly work?: Work | undefined;
  /** Called often, with the share that is done from 0 to 1; gives the event loop its turn. */
  readonly progress: (done: number, what: string) => Promise<void>;
}

/** How much of a row's score a signal carries: 0 to 1. */
export interface SignalShare {
  readonly signal: string;
  readonly share: number;
  /** Which part of the detector says most of it, where it has several. */
  readonly layer?: string;
}

/** A detector that is ready to judge. Missing values are ordinary; other numbers that are none are refused. */
export interface Judge {
  /** A score for each row, higher when more suspicious, by what came until then in its stretch. @throws UNUSABLE_TABLE */
  score(frame: Frame): Promise<Float64Array>;
  /** For each of these rows of the frame, which signals carry its score: the largest share first, at most five. */
  explain(frame: Frame, rows: Int32Array): Promise<readonly (readonly SignalShare[])[]>;
  /** One stretch, row by row: see `RowStream`. */
  stream(): RowStream;
}

/**
 * Judges one stretch as it comes. What is kept of the past is bounded, and scores are those that `score` gives for the whole
 * stretch: the same numbers, or within a tolerance that the detector states where a network computes them.
 */
export interface RowStream {
  /** A row's signals, in the model's order; missing ones are NaN. Await each before the next. */
  push(row: Float64Array): Promise<number>;
}

/** Losses of a network's trainings, by epoch from 1. */
export interface LossCurves {
  readonly network: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

/** What has been learned. */
export interface Learned {
  /** A score for each row from a model that did not learn from its block: what thresholds and quality rest on. */
  readonly outOfFold: Float64Array;
  /** The detector's part of the model; of `settings` only its own schema knows the inside. */
  readonly parts: Pick<Model, "networks" | "scaler" | "settings">;
  /** Engine and version that computed it. */
  readonly engine: string;
  /** How scores came about, in sentences for the card. */
  readonly method: string;
  /** Of networks: their losses, epoch by epoch. */
  readonly losses?: readonly LossCurves[];
  /** Where several were compared: what each is worth on rows that it had not learned from, null without attacks. */
  readonly compared?: readonly { readonly detector: string; readonly worth: number | null; readonly isKept: boolean }[];
}

/** A detector. What is not here, `trainDetector` does alike for all: leaks, folds, threshold, quality, card. */
export interface Detector {
  readonly name: string;
  /** It has no network, so it refuses an engine. */
  readonly isPlain?: true;
  learn(lesson: Lesson): Promise<Learned>;
  /** @throws MODEL_FILE_UNUSABLE where the settings are not those of this detector */
  restore(parts: Learned["parts"], signals: readonly string[], engine: string | undefined): Judge | Promise<Judge>;
}
