import { readFileSync } from "node:fs";
import type { Ask, Facts, Reason } from "../../../server/access/decide.ts";

export interface DecisionCase {
  readonly name: string;
  readonly facts: Facts;
  readonly ask: Ask;
  readonly reason: Reason;
  readonly solidity: boolean;
}

interface Written {
  readonly format: string;
  readonly cases: {
    readonly name: string;
    readonly facts: {
      readonly twin: { segments: string; commands: string; security: boolean; consent: number; ended: boolean } | null;
      readonly device: Facts["device"];
      readonly readerIsOracle: boolean;
      readonly consented: number;
      readonly opening?: NonNullable<Facts["opening"]>;
      readonly grant: (Omit<NonNullable<Facts["grant"]>, "segments"> & { segments: string }) | null;
    };
    readonly ask: Omit<Ask, "segments"> & { segments: string };
    readonly reason: Reason;
    readonly solidity: boolean;
  }[];
}

/** The cases of test/vectors/decisions.json with their bitmaps as bigints. */
export function decisionCases(): DecisionCase[] {
  const text = readFileSync(new URL("../../vectors/decisions.json", import.meta.url), "utf8");
  const { format, cases } = JSON.parse(text) as Written;
  if (format !== "decisions@1") throw new Error(`unexpected format ${format}`);
  return cases.map(({ facts, ask, ...rest }) => ({
    ...rest,
    facts: {
      ...facts,
      twin: facts.twin && {
        ...facts.twin,
        segments: BigInt(facts.twin.segments),
        commands: BigInt(facts.twin.commands),
      },
      grant: facts.grant && { ...facts.grant, segments: BigInt(facts.grant.segments) },
    },
    ask: { ...ask, segments: BigInt(ask.segments) },
  }));
}
