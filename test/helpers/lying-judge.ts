import { judge, type Judge } from "../../server/oracle/judge.ts";

/** Finds the opposite of what there is, over the very same leaves. */
export const lyingJudge: Judge = async (detector, readings, before) => {
  const honest = await judge(detector, readings, before);
  return honest.severity > 0
    ? { ...honest, kind: "clear", severity: 0, explanation: [] }
    : { ...honest, kind: "quarantine", severity: 3 };
};
