import type { LossCurves } from "../detector.ts";
import type { Fitted } from "./fit.ts";
import type { Member } from "./fit-member.ts";

/** What each network's losses were, epoch by epoch: in the folds on the whole, and of the last one, which learned from all rows. */
export function drawLosses(folds: readonly Member[], last: Member): readonly LossCurves[] {
  return (["rebuild", "tell"] as const).flatMap((network) => {
    const histories = folds.flatMap(({ histories: own }) => (own[network] === undefined ? [] : [own[network]]));
    const whole = last.histories[network];
    if (whole === undefined) return [];
    const lines = [
      { name: "folds, learned", points: meanOf(histories, ({ loss }) => loss) },
      { name: "folds, later rows", points: meanOf(histories, ({ later }) => later) },
      { name: "all rows, learned", points: meanOf([whole], ({ loss }) => loss) },
    ];
    return [{ network, lines: lines.filter(({ points }) => points.length > 0) }];
  });
}

type Epoch = Fitted["history"][number];

/** The mean at each epoch, over those that came so far. */
function meanOf(histories: readonly Fitted["history"][], of: (epoch: Epoch) => number | null): [number, number][] {
  const length = Math.max(0, ...histories.map((own) => own.length));
  return Array.from({ length }, (_, at) => {
    const known = histories.flatMap((own) => (own[at] === undefined ? [] : (of(own[at]) ?? [])));
    return [at + 1, known.reduce((sum, loss) => sum + loss, 0) / known.length] as [number, number];
  }).filter(([, loss]) => Number.isFinite(loss));
}
