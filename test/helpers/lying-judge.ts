import { judge, type Judge } from "../../server/oracle/judge.ts";

/** Finds the opposite of what there is, over the very same leaves. */
export const lyingJudge: Judge = (model, readings) => {
  const honest = judge(model, readings);
  return honest.severity > 0
    ? { ...honest, kind: "clear", severity: 0, explanation: [] }
    : { ...honest, kind: "quarantine", severity: 3 };
};
