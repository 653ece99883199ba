import { loadEngine } from "../../engines/load.ts";
import { MlError } from "../../errors.ts";
import type { Lesson } from "../detector.ts";
import { UNKEPT } from "../work.ts";
import type { countTrainings } from "./count-trainings.ts";
import { fitNetwork, type Fitted, type FitPlan } from "./fit.ts";
import { BATCH } from "./judge-hybrid.ts";
import { rebuildingNetwork, SIZES, tellingNetwork, type NetworkPlan } from "./networks.ts";
import { fitPreparation, prepareFrame, widthOf, type Prepared, type Preparation } from "./prepare.ts";
import { openRunner, type Networks } from "./run-networks.ts";
import { usualErrors, type Usual } from "./scores.ts";

/** How each head is taught, found on training rows alone: rebuilding takes long, telling soon knows its rows by heart. */
const TEACH = {
  rebuild: { rate: 3e-3, epochs: 40, patience: 8 },
  tell: { rate: 1.5e-3, epochs: 20, patience: 5 },
};
/** The last of the rows, which say when it is enough. */
const LATER_SHARE = 0.12;
const [LEAST_BATCH, MOST_BATCH, STEPS_PER_EPOCH] = [32, 1_024, 80];
/** Fewer attacked rows than this teach nothing: in all, or in a fold. */
export const LEAST_ATTACKED = 10;
/** More rows are thinned evenly: what is learned from them, and usual errors are measured on. */
const MOST_LEARNED = 60_000;
const MOST_MEASURED = 20_000;

type Head = keyof typeof TEACH;

/** Everything that was learned from some rows. */
export interface Member {
  readonly preparations: readonly Preparation[];
  readonly usual: Usual;
  readonly networks: Networks;
  /** How long the networks learned until the later rows were foreseen best. */
  readonly epochs: { readonly rebuild: number; readonly tell: number | undefined };
  /** The losses of each, epoch by epoch. */
  readonly histories: { readonly rebuild: Fitted["history"]; readonly tell: Fitted["history"] | undefined };
}

export interface MemberPlan {
  readonly engine: string;
  readonly steps: number;
  /** Whether attacks are learned, where enough are labelled. */
  readonly isTold: boolean;
  readonly seed: string;
  /** How long to learn from all of the rows; undefined: until the last of them are foreseen no better. */
  readonly epochs: Member["epochs"] | undefined;
}

/** Learns from these rows alone. @throws TRAINING_INVALID where none of them is clean */
export async function fitMember(
  { frame, labels, work = UNKEPT }: Pick<Lesson, "frame" | "labels" | "work">,
  rows: Int32Array,
  { engine, steps, isTold, seed, epochs }: MemberPlan,
  count: ReturnType<typeof countTrainings>,
): Promise<Member> {
  const clean = labels === undefined ? rows : rows.filter((row) => labels[row] === 0);
  if (clean.length < LEAST_BATCH)
    throw new MlError("TRAINING_INVALID", { detail: "A block of the rows has too few clean rows to learn from." });
  const preparations = fitPreparation(frame.values, clean, rows);
  const prepared = prepareFrame(preparations, frame, steps);
  const width = widthOf(preparations);
  const sizes = { ...SIZES, steps };
  const planOf = (name: Head, own: Int32Array, given: number | undefined): FitPlan => ({
    work,
    engine,
    seed: `${seed}/${name}`,
    steps,
    batch: batchOf(own.length),
    epochs: given ?? TEACH[name].epochs,
    span: TEACH[name].epochs,
    rate: TEACH[name].rate,
    later: given === undefined ? { share: LATER_SHARE, patience: TEACH[name].patience } : null,
  });
  const fit = async (name: Head, network: NetworkPlan, own: Int32Array, given: number | undefined) => {
    const training = count(`windows of ${steps}, ${name}`);
    try {
      const ownLabels = name === "tell" ? labels : undefined;
      return await fitNetwork(network, prepared, own, ownLabels, planOf(name, own, given), (at) =>
        training.onProgress(at),
      );
    } finally {
      training.end();
    }
  };
  const attacked = rows.length - clean.length;
  const [rebuild, tell] = await Promise.all([
    fit("rebuild", rebuildingNetwork(width, sizes), thin(clean, MOST_LEARNED), epochs?.rebuild),
    !isTold || attacked < LEAST_ATTACKED
      ? undefined
      : fit("tell", tellingNetwork(width, sizes), thin(rows, MOST_LEARNED), epochs?.tell),
  ]);
  const networks: Networks = { rebuild: rebuild.network, tell: tell?.network };
  return {
    preparations,
    networks,
    usual: await measureUsual(engine, networks, prepared, clean, steps),
    epochs: { rebuild: rebuild.bestEpoch, tell: tell?.bestEpoch },
    histories: { rebuild: rebuild.history, tell: tell?.history },
  };
}

/** At most so many of the rows, evenly drawn, in their order. */
function thin(rows: Int32Array, most: number): Int32Array {
  const every = Math.ceil(rows.length / most);
  return rows.filter((_, n) => n % every === 0);
}

/** A power of two that makes about so many steps an epoch. */
const batchOf = (rows: number): number =>
  Math.max(LEAST_BATCH, Math.min(MOST_BATCH, 2 ** Math.round(Math.log2(rows / STEPS_PER_EPOCH))));

/** How large errors usually are on clean rows, evenly drawn from all of them. */
async function measureUsual(
  engine: string,
  { rebuild }: Networks,
  { values, starts, width }: Prepared,
  clean: Int32Array,
  steps: number,
): Promise<Usual> {
  const windows = { values, starts: Uint32Array.from(thin(clean, MOST_MEASURED), (row) => starts[row]!) };
  const runner = await openRunner(
    await loadEngine(engine),
    { rebuild, tell: undefined },
    { width, steps, batch: BATCH },
  );
  const errors = {
    rebuilt: new Float32Array(windows.starts.length * width),
    expected: new Float32Array(steps > 1 ? windows.starts.length * width : 0),
  };
  await runner.run(windows, ({ rebuilt, expected }, window) => {
    const at = windows.starts[window]! + (steps - 1) * width;
    for (let n = 0; n < width; n++) {
      errors.rebuilt[window * width + n] = Math.abs(rebuilt[n]! - values[at + n]!);
      if (expected) errors.expected[window * width + n] = Math.abs(expected[n]! - values[at + n]!);
    }
  });
  await runner.close();
  return {
    rebuilt: usualErrors(errors.rebuilt, width),
    expected: steps > 1 ? usualErrors(errors.expected, width) : undefined,
  };
}
