import type { Flag } from "../../../protocol/index.ts";

/** A letter and the words for each flag, the one that says most against a value first. */
export const FLAG_WORDS: Readonly<Record<Flag, { letter: string; words: string }>> = {
  distrusted: { letter: "D", words: "distrusted" },
  estimated: { letter: "E", words: "estimated" },
  outOfRange: { letter: "R", words: "out of range" },
  clock: { letter: "C", words: "clock" },
  late: { letter: "L", words: "late" },
};

const ORDER = Object.keys(FLAG_WORDS) as Flag[];

/** Flags in the order of FLAG_WORDS. */
export function orderFlags(flags: readonly Flag[]): Flag[] {
  return ORDER.filter((flag) => flags.includes(flag));
}

/** Flags as marks and words; nothing where there are none. */
export function FlagMarks({ flags }: { flags: readonly Flag[] }) {
  return orderFlags(flags).map((flag) => (
    <span key={flag} className="mark-word flag">
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <FlagShape flag={flag} />
      </svg>
      {FLAG_WORDS[flag].words}
    </span>
  ));
}

/** A filled square with the flag's letter cut out of it. */
export function FlagShape({ flag }: { flag: Flag }) {
  return (
    <>
      <rect width="12" height="12" rx="2" className="solid" />
      <text x="6" y="9.5" textAnchor="middle" className="flag-letter">
        {FLAG_WORDS[flag].letter}
      </text>
    </>
  );
}
