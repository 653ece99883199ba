/** What a bedside monitor reports, in the order of the bits of lab/models/monitor.json. */
export const SEGMENTS = ["heart", "pulse", "resp", "spo2", "sys", "dia", "temp", "st"] as const;
export type Segment = (typeof SEGMENTS)[number];

/** UCUM units of the segments. */
export const UNITS: Record<Segment, string> = {
  heart: "/min",
  pulse: "/min",
  resp: "/min",
  spo2: "%",
  sys: "mm[Hg]",
  dia: "mm[Hg]",
  temp: "Cel",
  st: "mm",
};

/** One value of every segment at one time; null where the instrument has nothing to say. */
export type Sample = Record<Segment, number | null>;
