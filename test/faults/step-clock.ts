// Loaded into a real server before anything else (NODE_OPTIONS=--import): its wall clock is off by what the file CLOCK_STEP says, ms.
// Whatever asks Date is told so: the server's rooms, its libraries, the embedded PostgreSQL, its oracles. The node of the embedded
// chain is another process and has its own clock, as on another machine. Clocks that nobody sets (performance.now, timers) go on.
import { readFileSync } from "node:fs";

const LOOK_EVERY_MS = 10;
const file = process.env.CLOCK_STEP ?? "";
const Wall = Date;
let step = 0;
let lookedAt = -Infinity;

function now(): number {
  if (performance.now() - lookedAt > LOOK_EVERY_MS) {
    lookedAt = performance.now();
    try {
      step = Number(readFileSync(file, "utf8"));
    } catch {
      step = 0;
    }
  }
  return Wall.now() + step;
}

globalThis.Date = class extends Wall {
  constructor(...words: number[]) {
    super(...((words.length === 0 ? [now()] : words) as [number]));
  }
  static override now(): number {
    return now();
  }
} as DateConstructor;
