import { describeKills } from "../helpers/kill-journey.ts";

describeKills({ seed: process.env.SEED ?? "21", times: Number(process.env.KILLS ?? "3") });
