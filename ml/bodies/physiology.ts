/**
 * A body: a beat-averaged model of circulation, breathing, gas stores, heat and cardiac oxygen balance. Not a patient and
 * not for clinical use; its purpose is that signals are coupled as in people, with every parameter drawn per body.
 *
 * - baroreflex: fast vagal and slow sympathetic arms (deBoer, Karemaker, Strackee, Am J Physiol 253, 1987; Ursino,
 *   Am J Physiol 275, 1998), respiratory sinus arrhythmia on the vagal arm (Hirsch, Bishop, Am J Physiol 241, 1981)
 * - arterial pressure: two-element Windkessel (Westerhof, Lankhaar, Westerhof, Med Biol Eng Comput 47, 2009)
 * - breathing and gas stores: gas.ts; CO2 drive of breathing (Read, Australas Ann Med 16, 1967)
 * - heat: first-order balance around a circadian set point (Refinetti, Menaker, Physiol Behav 51, 1992); heart rate
 *   rises ≈ 8/min per °C (Liebermeister)
 * - ST level: falls as the rate-pressure product exceeds what the coronary bed supplies (Gobel et al., Circulation 57, 1978)
 */
import type { Random } from "../random.ts";
import { balancedAlveolarOxygen, balancedCarbonDioxide, saturationOf, type GasExchange } from "./gas.ts";

/** What makes one body differ from another; constant over its life. */
export interface PhysiologyParameters {
  /** Heart rate at rest, /min. */
  heartRate: number;
  /** Vagal gain, /min per mmHg. */
  vagalGain: number;
  /** Sympathetic gain, /min per mmHg. */
  sympatheticGain: number;
  /** Amplitude of respiratory sinus arrhythmia, /min. */
  arrhythmia: number;
  /** Fraction of beats that reach no pulse at the finger. */
  deficit: number;
  /** Mean arterial pressure that the baroreflex defends, mmHg. */
  pressure: number;
  /** Stroke volume at rest, ml. */
  strokeVolume: number;
  /** Arterial compliance, ml/mmHg. */
  compliance: number;
  /** Breaths at rest, /min. */
  breathing: number;
  gas: GasExchange;
  /** PaCO2 that breathing defends, mmHg. */
  carbonDioxideSet: number;
  /** Core temperature that is defended, °C. */
  temperature: number;
  /** Amplitude, °C, and phase, radians, of the circadian rhythm. */
  circadian: { amplitude: number; phase: number };
  /** ST level at rest, mm; rate-pressure product beyond which it falls, mmHg/min; fall per 1000 beyond, mm. */
  st: { level: number; reserve: number; fall: number };
}

/** What changes from step to step. */
export interface PhysiologyState {
  /** Seconds since the body began. */
  time: number;
  heartRate: number;
  vagal: number;
  sympathetic: number;
  /** Mean arterial pressure, mmHg. */
  pressure: number;
  strokeVolume: number;
  breathing: number;
  /** Phase of breathing, radians. */
  phase: number;
  carbonDioxide: number;
  alveolarOxygen: number;
  saturation: number;
  temperature: number;
  st: number;
  activity: number;
  /** Slow unexplained drifts of heart rate, vessel tone and breathing (Ornstein–Uhlenbeck, unit variance). */
  drift: { heart: number; tone: number; breath: number; deficit: number };
}

/** What happens to a body from outside during a step. */
export interface BodyDisturbance {
  /** Added exertion, 0 (none) to 1 (hard work). */
  activity?: number;
  /** Relative change of venous return, e.g. −0.1 on sitting up. */
  preload?: number;
  /** Relative change of breathing effort, −1 is apnoea. */
  breathing?: number;
}

export interface Body {
  readonly parameters: PhysiologyParameters;
  readonly random: Random;
  state: PhysiologyState;
}

/** What an ideal instrument would see: rates /min, SpO2 %, pressures mmHg, temperature °C, ST mm. */
export interface Observation {
  heartRate: number;
  pulseRate: number;
  respiration: number;
  spo2: number;
  systolic: number;
  diastolic: number;
  temperature: number;
  st: number;
}

const bounded = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** Parameters of one adult of a general ward, drawn. */
export function drawBody(random: Random): PhysiologyParameters {
  const draw = (mean: number, spread: number, low: number, high: number) =>
    bounded(mean + spread * random.normal(), low, high);
  const febrile = random.uniform() < 0.15;
  return {
    heartRate: draw(75, 10, 50, 105),
    vagalGain: draw(0.8, 0.25, 0.25, 1.6),
    sympatheticGain: draw(0.5, 0.15, 0.15, 1),
    arrhythmia: draw(3, 1.3, 0.5, 7),
    deficit: random.uniform() < 0.2 ? 0.03 * random.uniform() : 0.002,
    pressure: draw(90, 9, 68, 118),
    strokeVolume: draw(72, 10, 48, 100),
    compliance: draw(1.4, 0.25, 0.8, 2.1),
    breathing: draw(15, 2.5, 9, 24),
    gas: {
      carbonDioxide: draw(200, 20, 150, 260),
      oxygen: draw(250, 25, 190, 320),
      inspired: random.uniform() < 0.2 ? 0.28 : 0.21,
      gradient: draw(14, 6, 4, 34),
    },
    carbonDioxideSet: draw(40, 2, 34, 47),
    temperature: febrile ? draw(38.2, 0.4, 37.5, 39.5) : draw(36.8, 0.25, 36, 37.5),
    circadian: { amplitude: draw(0.35, 0.1, 0.1, 0.6), phase: 2 * Math.PI * random.uniform() },
    st: { level: draw(0.3, 0.4, -1, 1.5), reserve: draw(13000, 2500, 8500, 20000), fall: draw(0.15, 0.08, 0, 0.4) },
  };
}

/** A body at rest with these parameters, or in the given state. `random` drives its slow drifts. */
export function createBody(parameters: PhysiologyParameters, random: Random, state?: PhysiologyState): Body {
  const p = parameters;
  const ventilation = (0.863 * p.gas.carbonDioxide) / p.carbonDioxideSet;
  const alveolarOxygen = balancedAlveolarOxygen(p.gas, 1, ventilation);
  return {
    parameters,
    random,
    state: state ?? {
      time: 0,
      heartRate: p.heartRate,
      vagal: 0,
      sympathetic: 0,
      pressure: p.pressure,
      strokeVolume: p.strokeVolume,
      breathing: p.breathing,
      phase: 2 * Math.PI * random.uniform(),
      carbonDioxide: p.carbonDioxideSet,
      alveolarOxygen,
      saturation: saturationOf(alveolarOxygen - p.gas.gradient),
      temperature: p.temperature,
      st: p.st.level,
      activity: 0,
      drift: { heart: random.normal(), tone: random.normal(), breath: random.normal(), deficit: random.normal() },
    },
  };
}

/** Exact step of first-order decay towards a target: stable for every dt. */
const approach = (value: number, target: number, dt: number, constant: number) =>
  target + (value - target) * Math.exp(-dt / constant);

/** Exact step of an Ornstein–Uhlenbeck process of unit variance. */
function wander(value: number, dt: number, constant: number, random: Random): number {
  const keep = Math.exp(-dt / constant);
  return value * keep + Math.sqrt(1 - keep * keep) * random.normal();
}

/** Advances the body by `dt` seconds (made for 0.1–1 s) in place. */
export function stepBody(body: Body, dt: number, disturbance: BodyDisturbance = {}): void {
  const { parameters: p, state: s, random } = body;
  s.time += dt;
  const d = s.drift;
  d.heart = wander(d.heart, dt, 20, random);
  d.tone = wander(d.tone, dt, 15, random);
  d.breath = wander(d.breath, dt, 30, random);
  d.deficit = wander(d.deficit, dt, 60, random);
  s.activity = approach(s.activity, disturbance.activity ?? 0, dt, 12);

  const metabolism = (1 + 1.5 * s.activity) * (1 + 0.1 * (s.temperature - 37));
  const effort = Math.max(1 + (disturbance.breathing ?? 0), 0);
  const drive = 1 + 0.04 * (s.carbonDioxide - p.carbonDioxideSet) + 0.5 * s.activity + 0.06 * d.breath;
  s.breathing = approach(s.breathing, p.breathing * Math.max(drive, 0) * effort, dt, 6);
  s.phase = (s.phase + (2 * Math.PI * s.breathing * dt) / 60) % (2 * Math.PI);
  // Ventilation deepens with the same drive, so that the rest point is a steady state for every draw.
  const restVentilation = (0.863 * p.gas.carbonDioxide) / p.carbonDioxideSet;
  const ventilation =
    restVentilation * (s.breathing / p.breathing) * (1 + 0.02 * (s.carbonDioxide - p.carbonDioxideSet));
  s.carbonDioxide = approach(s.carbonDioxide, balancedCarbonDioxide(p.gas, metabolism, ventilation), dt, 90);
  s.alveolarOxygen = approach(s.alveolarOxygen, balancedAlveolarOxygen(p.gas, metabolism, ventilation), dt, 25);
  s.saturation = approach(s.saturation, saturationOf(s.alveolarOxygen - p.gas.gradient), dt, 12);

  const unloading = p.pressure - s.pressure;
  s.vagal = approach(s.vagal, bounded(p.vagalGain * unloading, -20, 20), dt, 1.5);
  s.sympathetic = approach(s.sympathetic, bounded(p.sympatheticGain * unloading, -15, 25), dt, 10);
  const sinus = p.arrhythmia * Math.sin(s.phase);
  const warmth = 8 * (s.temperature - p.temperature);
  const hypoxia = Math.max(92 - s.saturation, 0);
  s.heartRate = bounded(
    p.heartRate + s.vagal + s.sympathetic + sinus + warmth + hypoxia + 35 * s.activity + 2 * d.heart,
    25,
    210,
  );

  const inhaled = 1 - 0.03 * Math.sin(s.phase);
  const filling = 1 - 0.004 * (s.heartRate - p.heartRate) + (disturbance.preload ?? 0) + 0.15 * s.activity;
  s.strokeVolume = p.strokeVolume * Math.max(filling, 0.2) * inhaled;
  const restResistance = p.pressure / ((p.heartRate * p.strokeVolume) / 60);
  const resistance = restResistance * Math.max(1 + 0.015 * s.sympathetic + 0.02 * d.tone - 0.3 * s.activity, 0.3);
  const flow = (s.heartRate * s.strokeVolume) / 60;
  s.pressure = approach(s.pressure, resistance * flow, dt, resistance * p.compliance);

  const day = p.circadian.amplitude * Math.cos((2 * Math.PI * s.time) / 86400 + p.circadian.phase);
  s.temperature = approach(s.temperature, p.temperature + day + 0.6 * s.activity, dt, 1800);

  const observed = observeBody(body);
  const excess = Math.max(observed.systolic * s.heartRate - p.st.reserve, 0) / 1000;
  s.st = approach(s.st, p.st.level - p.st.fall * excess, dt, 40);
}

/** What the body shows now, without any instrument's error. Mean pressure = diastolic + a third of the pulse pressure. */
export function observeBody(body: Body): Observation {
  const { parameters: p, state: s } = body;
  const pulsePressure = (0.85 * s.strokeVolume) / p.compliance;
  return {
    heartRate: s.heartRate,
    pulseRate: s.heartRate * (1 - p.deficit * Math.abs(s.drift.deficit)),
    respiration: s.breathing,
    spo2: s.saturation,
    systolic: s.pressure + (2 / 3) * pulsePressure,
    diastolic: s.pressure - pulsePressure / 3,
    temperature: s.temperature,
    st: s.st,
  };
}
