import type { Frame } from "../../ml/data/frame.ts";
import type { RowStream } from "../../ml/detectors/detector.ts";

/** A frame's scores as its stretches stream by, each row pushed by itself. */
export async function streamScores(judge: { stream(): RowStream }, frame: Frame): Promise<Float64Array> {
  const scores = new Float64Array(frame.rows);
  for (const stretch of frame.stretches) {
    const stream = judge.stream();
    for (const row of stretch) scores[row] = await stream.push(rowOf(frame, row));
  }
  return scores;
}

export const rowOf = ({ values }: Frame, row: number): Float64Array => Float64Array.from(values, (own) => own[row]!);

/** A frame of these signals, each stretch as long as said. */
export function frameOf(values: Readonly<Record<string, Float64Array>>, lengths?: readonly number[]): Frame {
  const rows = Object.values(values)[0]!.length;
  let from = 0;
  const stretches = (lengths ?? [rows]).map((length) => Int32Array.from({ length }, () => from++));
  return { signals: Object.keys(values), values: Object.values(values), rows, stretches };
}
