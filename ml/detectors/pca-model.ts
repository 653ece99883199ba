import type { FeatureGroup, SignalPair } from "../features.ts";

/** The subspace of one group of features. */
export interface PcaView {
  group: FeatureGroup;
  /** Per feature: centre and scale of clean data. */
  mean: number[];
  scale: number[];
  /** Principal directions (rows) and their variances, in scaled features; variance left per feature outside them. */
  components: number[][];
  variances: number[];
  noise: number;
  /** Nowhere in the calibration were `sustain.quarantine` clean stretches in a row all beyond these. */
  limits: { t2: number; spe: number };
}

/** In thousandths of the limits, as integers: judges compare integers only. */
export interface Thresholds {
  /** Stretches in a row that must all be beyond. */
  sustain: { suspect: number; quarantine: number };
  suspect: number;
  quarantine: number;
}

/** What limits and thresholds were taken from, and the rates that were asked for. */
export interface Calibration {
  windows: number;
  stretches: number;
  /** Share of clean stretches beyond the quantiles that T² and SPE are balanced by. */
  limitRate: number;
  /** Share of clean windows beyond the suspect threshold. */
  suspectRate: number;
  /** The quarantine threshold lies this factor beyond the worst clean calibration window. */
  margin: number;
}

/** Frozen parameters: plain JSON, every number rounded so that its text is exact. */
export interface PcaModel {
  format: "pca@1";
  signals: string[];
  pairs: SignalPair[];
  stretchMs: number;
  strideMs: number;
  views: PcaView[];
  thresholds: Thresholds;
  calibration: Calibration;
}
