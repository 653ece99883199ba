import { describeKills } from "../helpers/kill-journey.ts";

const times = Number(process.env.KILLS ?? "50");
describeKills({ seed: process.env.SEED ?? "22", times, chainToo: true, look: true, anchorsCut: Math.floor(times / 5) });
