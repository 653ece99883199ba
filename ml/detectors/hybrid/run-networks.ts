import type { Engine, Numbers, Program } from "../../engines/engine.ts";
import { buildInference } from "../../layers/build-model.ts";
import type { Network } from "../../model/pack-model.ts";

/** The networks of a hybrid: one rebuilds clean rows, the other, where attacks were labelled, tells them. */
export interface Networks {
  readonly rebuild: Network;
  readonly tell: Network | undefined;
}

/** What the networks say of one window. */
export interface Said {
  readonly rebuilt: Numbers;
  /** From the past alone; undefined where nothing is looked back at. */
  readonly expected: Numbers | undefined;
  readonly logit: number | undefined;
}

/** Windows in one array: where each begins, the last of its `steps` rows being the one that is judged. */
export interface Windows {
  readonly values: Float32Array;
  readonly starts: Uint32Array;
}

export interface Runner {
  /** Says what the networks say of each window, in order. One call after another, whoever calls. */
  run(windows: Windows, take: (said: Said, window: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Makes networks ready for windows of `steps` rows of `width` features, `batch` at once. */
export async function openRunner(
  engine: Engine,
  { rebuild, tell }: Networks,
  { width, steps, batch }: { width: number; steps: number; batch: number },
): Promise<Runner> {
  const open = ({ architecture, parameters }: Network): Promise<Program> =>
    engine.compile(buildInference(architecture, batch), parameters, { frozen: true });
  const rebuilding = await open(rebuild);
  const telling = tell && (await open(tell));
  const before = (steps - 1) * width;
  const now = new Float32Array(batch * width);
  const past = new Float32Array(batch * before);
  const inputs = { now, ...(steps > 1 && { past }) };
  let last: Promise<void> = Promise.resolve();

  const runAll = async ({ values, starts }: Windows, take: (said: Said, window: number) => void): Promise<void> => {
    for (let from = 0; from < starts.length; from += batch) {
      const count = Math.min(batch, starts.length - from);
      for (let n = 0; n < count; n++) {
        const middle = starts[from + n]! + before;
        if (before > 0) past.set(values.subarray(middle - before, middle), n * before);
        now.set(values.subarray(middle, middle + width), n * width);
      }
      const { rebuilt, expected } = await rebuilding.run(inputs);
      const logits = (await telling?.run(inputs))?.logit;
      const part = (all: Numbers, n: number): Numbers => all.subarray(n * width, (n + 1) * width);
      for (let n = 0; n < count; n++)
        take({ rebuilt: part(rebuilt!, n), expected: expected && part(expected, n), logit: logits?.[n] }, from + n);
      // Between batches others have their turn.
      if (from + batch < starts.length) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    run(windows, take) {
      const turn = last.then(() => runAll(windows, take));
      last = turn.catch(() => undefined);
      return turn;
    },
    async close() {
      await rebuilding.close();
      await telling?.close();
    },
  };
}
