import type { Architecture, Layer } from "../../layers/architecture.ts";
import type { Loss } from "../../train/losses.ts";

/** How large the networks are. `steps` rows are seen at once, the last of them is judged. */
export interface Sizes {
  readonly steps: number;
  readonly units: number;
  readonly code: number;
  readonly heads: number;
}

/** Fixed before any data was seen; only `steps` is chosen. */
export const SIZES: Omit<Sizes, "steps"> = { units: 32, code: 12, heads: 4 };
/** Shares of what is seen that are hidden in training: of a row that is to be rebuilt, of one that is to be told. */
const HIDDEN = 0.1;
const DROPPED = 0.4;

/** Layers, and what they learn from. */
export interface NetworkPlan {
  readonly architecture: Architecture;
  readonly losses: Loss[];
}

const dense = (name: string, of: string, units: number, activation: "linear" | "relu" | "tanh"): Layer => ({
  kind: "dense",
  name,
  of,
  units,
  activation,
});

/** What came before, as one vector `context`: an LSTM, and self-attention over what it gives (Vaswani et al. 2017). */
function contextLayers(of: string, { units, heads }: Sizes): Layer[] {
  return [
    dense("entry", of, units, "tanh"),
    { kind: "lstm", name: "memory", of: "entry", units, gives: "sequence" },
    { kind: "attention", name: "look", of: "memory", heads },
    { kind: "add", name: "both", of: ["memory", "look"] },
    { kind: "normalise", name: "even", of: "both" },
    { kind: "flatten", name: "steps", of: "even" },
    dense("context", "steps", units, "tanh"),
  ];
}

/**
 * Rebuilds a row: `rebuilt` from a sparse code of the row, some of whose numbers are hidden while it learns (a denoising sparse
 * autoencoder: Vincent et al. 2008, Ng 2011), together with its past; `expected` from the past alone.
 */
export function rebuildingNetwork(width: number, sizes: Sizes): NetworkPlan {
  const hasPast = sizes.steps > 1;
  const layers: Layer[] = [
    ...(hasPast ? contextLayers("past", sizes) : []),
    { kind: "dropout", name: "partial", of: "now", rate: HIDDEN },
    dense("wide", "partial", 2 * sizes.units, "relu"),
    dense("code", "wide", sizes.code, "relu"),
    ...(hasPast ? [{ kind: "concat", name: "known", of: ["code", "context"] } as Layer] : []),
    dense("open", hasPast ? "known" : "code", 2 * sizes.units, "relu"),
    dense("rebuilt", "open", width, "linear"),
    ...(hasPast
      ? [dense("foresight", "context", 2 * sizes.units, "relu"), dense("expected", "foresight", width, "linear")]
      : []),
  ];
  const losses: Loss[] = [
    { kind: "squared", of: "rebuilt", target: "now", weight: 1 },
    { kind: "sparse", of: "code", weight: 1e-3 },
    ...(hasPast ? [{ kind: "squared", of: "expected", target: "now", weight: 1 } as Loss] : []),
  ];
  return {
    architecture: {
      inputs: { now: [width], ...(hasPast && { past: [sizes.steps - 1, width] }) },
      layers,
      outputs: hasPast ? ["rebuilt", "expected"] : ["rebuilt"],
    },
    losses,
  };
}

/** Tells attacked from clean rows, by a row and its past. */
export function tellingNetwork(width: number, sizes: Sizes): NetworkPlan {
  const hasPast = sizes.steps > 1;
  const layers: Layer[] = [
    ...(hasPast ? contextLayers("past", sizes) : []),
    { kind: "dropout", name: "partial", of: "now", rate: DROPPED },
    dense("wide", "partial", 2 * sizes.units, "relu"),
    ...(hasPast ? [{ kind: "concat", name: "known", of: ["wide", "context"] } as Layer] : []),
    { kind: "dropout", name: "some", of: hasPast ? "known" : "wide", rate: DROPPED },
    dense("deep", "some", sizes.units, "relu"),
    dense("logit", "deep", 1, "linear"),
  ];
  return {
    architecture: {
      inputs: { now: [width], ...(hasPast && { past: [sizes.steps - 1, width] }) },
      layers,
      outputs: ["logit"],
    },
    losses: [{ kind: "binary", of: "logit", target: "attacked", weight: 1, positive: 1 }],
  };
}
