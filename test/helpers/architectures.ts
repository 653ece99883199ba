import type { Architecture } from "../../ml/layers/architecture.ts";
import type { Loss } from "../../ml/train/losses.ts";

/** One small model with every kind of layer and every loss. */
export const EVERY_LAYER: Architecture = {
  inputs: { x: [5, 3], place: [5] },
  layers: [
    { kind: "embedding", name: "known place", of: "place", categories: 4, size: 3 },
    { kind: "concat", name: "all", of: ["x", "known place"] },
    { kind: "lstm", name: "memory", of: "all", units: 4, gives: "sequence" },
    { kind: "attention", name: "look", of: "memory", heads: 2 },
    { kind: "add", name: "both", of: ["memory", "look"] },
    { kind: "normalise", name: "even", of: "both" },
    { kind: "dropout", name: "thin", of: "even", rate: 0.3 },
    { kind: "pool", name: "mean", of: "thin" },
    { kind: "dense", name: "logit", of: "mean", units: 1, activation: "linear" },
    { kind: "lstm", name: "last", of: "thin", units: 3, gives: "last" },
    { kind: "dense", name: "code", of: "last", units: 2, activation: "sigmoid" },
    { kind: "repeat", name: "again", of: "code", times: 5 },
    { kind: "lstm", name: "decoder", of: "again", units: 4, gives: "sequence" },
    { kind: "dense", name: "rebuilt", of: "decoder", units: 3, activation: "tanh" },
    { kind: "flatten", name: "flat", of: "rebuilt" },
  ],
  outputs: ["logit", "rebuilt", "flat"],
};

export const EVERY_LOSS: Loss[] = [
  { kind: "binary", of: "logit", target: "y", weight: 1, positive: 3 },
  { kind: "squared", of: "rebuilt", target: "x", weight: 0.5 },
  { kind: "sparse", of: "code", weight: 0.1 },
];
