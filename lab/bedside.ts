/** A person, what befalls them, and the instrument beside the bed: yields the samples that a monitor signs. */
import { createBody, drawBody, observeBody, stepBody, type Body } from "../ml/bodies/physiology.ts";
import { createRandom } from "../ml/random.ts";
import { createDisturbances, type Disturbed } from "./disturbances.ts";
import { createInstrument } from "./instrument.ts";
import type { Sample } from "./sample.ts";

/** Seconds between two samples. */
export const SAMPLE_SECONDS = 0.5;
/** Time that a fresh body and instrument are given to settle before the first sample, seconds. */
const SETTLING = 60;

export interface Bedside {
  readonly body: Body;
  /** Half a second passes; what the instrument then shows and what disturbed it. */
  next(): { sample: Sample; disturbed: Disturbed };
}

/** A bed of its own: the same seed gives the same samples; `frequency` scales how often disturbances come. */
export function createBedside(seed: string, frequency = 1): Bedside {
  const random = createRandom(seed);
  const body = createBody(drawBody(random.fork("parameters")), random.fork("drift"));
  const disturbances = createDisturbances(random.fork("disturbances"), frequency);
  const instrument = createInstrument(random.fork("instrument"));
  const calm: Disturbed = { acting: {}, body: {} };
  for (let t = 0; t < SETTLING; t += SAMPLE_SECONDS) {
    stepBody(body, SAMPLE_SECONDS);
    instrument.measure(observeBody(body), SAMPLE_SECONDS, calm);
  }
  let seconds = 0;
  return {
    body,
    next() {
      const disturbed = disturbances.at(seconds);
      seconds += SAMPLE_SECONDS;
      stepBody(body, SAMPLE_SECONDS, disturbed.body);
      return { sample: instrument.measure(observeBody(body), SAMPLE_SECONDS, disturbed), disturbed };
    },
  };
}
