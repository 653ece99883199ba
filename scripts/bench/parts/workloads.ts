import type { Architecture } from "../../../ml/layers/architecture.ts";
import type { Loss } from "../../../ml/train/losses.ts";

/** Windows of 32 steps of 16 signals, 128 at once, 64 units: the sizes at which engines are compared. */
export const STEPS = 32;
export const SIGNALS = 16;
export const BATCH = 128;
const UNITS = 64;

export interface Workload {
  readonly name: string;
  readonly architecture: Architecture;
  readonly losses: Loss[];
}

const classify: Loss = { kind: "binary", of: "logit", target: "y", weight: 1, positive: 1 };
const rebuild = (of: string, target: string): Loss => ({ kind: "squared", of, target, weight: 1 });
const x = [STEPS, SIGNALS];
const linear = { kind: "dense", activation: "linear" } as const;
const relu = { kind: "dense", activation: "relu" } as const;

/** The four models that `bench train` trains; `train-torch.py` says the same to PyTorch. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: "LSTM classifier",
    architecture: {
      inputs: { x },
      layers: [
        { kind: "lstm", name: "memory", of: "x", units: UNITS, gives: "last" },
        { ...linear, name: "logit", of: "memory", units: 1 },
      ],
      outputs: ["logit"],
    },
    losses: [classify],
  },
  {
    name: "LSTM autoencoder",
    architecture: {
      inputs: { x },
      layers: [
        { kind: "lstm", name: "encoder", of: "x", units: UNITS, gives: "last" },
        { kind: "repeat", name: "code", of: "encoder", times: STEPS },
        { kind: "lstm", name: "decoder", of: "code", units: UNITS, gives: "sequence" },
        { ...linear, name: "rebuilt", of: "decoder", units: SIGNALS },
      ],
      outputs: ["rebuilt"],
    },
    losses: [rebuild("rebuilt", "x")],
  },
  {
    name: "sparse autoencoder",
    architecture: {
      inputs: { x },
      layers: [
        { kind: "flatten", name: "flat", of: "x" },
        { ...relu, name: "wide", of: "flat", units: 128 },
        { ...relu, name: "code", of: "wide", units: 32 },
        { ...relu, name: "wide again", of: "code", units: 128 },
        { ...linear, name: "rebuilt", of: "wide again", units: STEPS * SIGNALS },
      ],
      outputs: ["rebuilt"],
    },
    losses: [rebuild("rebuilt", "x"), { kind: "sparse", of: "code", weight: 1e-3 }],
  },
  {
    name: "LSTM, attention, layer norm",
    architecture: {
      inputs: { x },
      layers: [
        { kind: "lstm", name: "memory", of: "x", units: UNITS, gives: "sequence" },
        { kind: "attention", name: "look", of: "memory", heads: 4 },
        { kind: "add", name: "both", of: ["memory", "look"] },
        { kind: "normalise", name: "even", of: "both" },
        { kind: "pool", name: "mean", of: "even" },
        { ...linear, name: "logit", of: "mean", units: 1 },
      ],
      outputs: ["logit"],
    },
    losses: [classify],
  },
];
