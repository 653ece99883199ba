/**
 * The instrument between a body and its numbers: averaging, noise, resolution, and what disturbances do to it. Averaging
 * times are of the order that monitors use (ECG rate over a few beats, oximeters 4–8 s, impedance breathing ~10 s).
 */
import type { Observation } from "../ml/bodies/physiology.ts";
import type { Random } from "../ml/random.ts";
import type { Disturbed } from "./disturbances.ts";
import { SEGMENTS, type Sample, type Segment } from "./sample.ts";

/** Averaging time constant (s), noise (sd, in the unit) and display resolution per segment. */
const CHANNELS: Record<Segment, { averaging: number; noise: number; resolution: number }> = {
  heart: { averaging: 3, noise: 0.5, resolution: 1 },
  pulse: { averaging: 4, noise: 0.8, resolution: 1 },
  resp: { averaging: 6, noise: 0.7, resolution: 1 },
  spo2: { averaging: 4, noise: 0.3, resolution: 1 },
  sys: { averaging: 1, noise: 1.2, resolution: 1 },
  dia: { averaging: 1, noise: 0.9, resolution: 1 },
  temp: { averaging: 20, noise: 0.02, resolution: 0.1 },
  st: { averaging: 8, noise: 0.03, resolution: 0.01 },
};

/** Segments that come from the finger probe. */
const FINGER: readonly Segment[] = ["pulse", "spo2"];
/** Room air that a fresh temperature probe starts from, °C; warm-up time constant, s; how long it says nothing, s. */
const ROOM = 28;
const WARM_UP = 45;
const SWAP_SILENCE = 10;

export interface Instrument {
  /** The numbers shown after another `dt` seconds of this observation under these disturbances. */
  measure(seen: Observation, dt: number, disturbed: Disturbed): Sample;
}

/** An instrument with its own small systematic errors (calibration offsets), drawn once. */
export function createInstrument(random: Random): Instrument {
  const offset: Record<Segment, number> = {
    heart: 0,
    pulse: 0.3 * random.normal(),
    resp: 0.4 * random.normal(),
    spo2: 0.7 * random.normal(),
    sys: 2 * random.normal(),
    dia: 2 * random.normal(),
    temp: 0.1 * random.normal(),
    st: 0.05 * random.normal(),
  };
  let shown: Record<Segment, number> | undefined;
  let slip = 0; // false pulse rate that motion puts into the finger signal, /min

  return {
    measure(seen, dt, { acting }) {
      const actual: Record<Segment, number> = {
        heart: seen.heartRate,
        pulse: seen.pulseRate,
        resp: seen.respiration,
        spo2: seen.spo2,
        sys: seen.systolic,
        dia: seen.diastolic,
        temp: seen.temperature,
        st: seen.st,
      };
      shown ??= { ...actual };
      const { motion, turning, probeOff, sensorSwap } = acting;
      // The rhythm of the movement leaks into the finger signal: the oximeter follows it, up or down, unsteadily.
      const pull = motion ? 40 * (motion.strength - 0.4) : 0;
      slip += ((pull - slip) * dt) / 3 + (motion ? 4 * Math.sqrt(dt) * random.normal() : 0);
      actual.pulse += slip;
      if (motion) {
        actual.spo2 -= 6 * motion.strength;
        actual.resp += 12 * motion.strength;
        actual.heart += 3 * motion.strength * random.normal();
        actual.st += 0.4 * motion.strength * random.normal();
      }
      if (turning) {
        // The transducer stays where it was: 1 cm is 0.74 mmHg. The heart's axis turns with the body.
        const height = 12 * (turning.strength - 0.5);
        actual.sys += height;
        actual.dia += height;
        actual.st += 0.4 * (turning.strength - 0.5);
      }
      if (sensorSwap)
        actual.temp = ROOM + (actual.temp - ROOM) * (1 - Math.exp(-Math.max(sensorSwap.since - 5, 0) / WARM_UP));

      const sample = {} as Sample;
      for (const segment of SEGMENTS) {
        const channel = CHANNELS[segment];
        const averaging = segment === "temp" && sensorSwap ? 1 : channel.averaging;
        shown[segment] += (actual[segment] - shown[segment]) * Math.min(dt / averaging, 1);
        const value = shown[segment] + offset[segment] + channel.noise * random.normal();
        const steps = Math.round(value / channel.resolution);
        const bounded = segment === "spo2" ? Math.min(steps, 100) : steps;
        // Dividing by the whole number of steps per unit keeps 36.7 from becoming 36.700000000000003.
        sample[segment] = bounded / Math.round(1 / channel.resolution);
      }
      if (probeOff) for (const segment of FINGER) sample[segment] = null;
      // Under strong movement oximeters blank their numbers part of the time.
      if (motion && random.uniform() < 0.5 * motion.strength) for (const segment of FINGER) sample[segment] = null;
      if (sensorSwap && sensorSwap.since < SWAP_SILENCE) sample.temp = null;
      return sample;
    },
  };
}
