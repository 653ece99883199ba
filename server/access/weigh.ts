import type { Hex } from "../../protocol/bytes.ts";
import { PURPOSES, purposeNames, purposesMask, type Purpose } from "../../protocol/words.ts";
import type { AssignmentFact, ChainView, DeviceFact, GrantFact, OpeningFact, TwinFact } from "../chain/view.ts";
import { decide, REASONS, type Reason } from "./decide.ts";
import { endOf, hasEnded } from "./end-of.ts";

/** What a reader asks, completed so that it can be decided. `now` in seconds. */
export interface Question {
  readonly reader: Hex;
  readonly twin: Hex;
  readonly action: "read" | "command";
  readonly purpose: Purpose;
  /** Bitmap; undefined asks for all that twin and grant allow. */
  readonly segments?: bigint;
  /** A certain grant, or an opening of the glass; undefined tries all of the reader's. */
  readonly grant?: Hex;
  readonly safe?: boolean;
  readonly now: number;
}

/** An answer with what it rests on. */
export interface Answer {
  readonly reason: Reason;
  readonly grant: GrantFact | undefined;
  /** Where there is no grant: the opening of the glass that it rests on. */
  readonly opening: OpeningFact | undefined;
  readonly segments: bigint;
  readonly twin: TwinFact | undefined;
  readonly device: DeviceFact | undefined;
  readonly assignment: AssignmentFact | undefined;
  /** To whom absent and not granted must look alike: nothing on the chain connects this reader with the twin. */
  readonly stranger: boolean;
}

/** What somebody may rest an ask on. */
type Ground = { readonly grant: GrantFact } | { readonly opening: OpeningFact } | undefined;

/**
 * Looks up the facts of a question in one view and decides. Of several grounds the first that permits is the answer: a grant before
 * an opening of the glass, which is for when there is none.
 */
export function weigh(view: ChainView, question: Question): Answer {
  const { reader } = question;
  const twin = view.twin(question.twin);
  const device = twin && view.device(twin.device);
  const assignment = twin?.assignment ? view.assignment(twin.assignment) : undefined;
  const oracle = view.isOracle(reader);
  const grounds =
    question.grant === undefined ? groundsOf(view, question) : [groundNamed(view, question.grant, reader)];

  const answers = (grounds.length > 0 ? grounds : [undefined]).map((ground) => {
    const grant = ground && "grant" in ground ? ground.grant : undefined;
    const opening = ground && "opening" in ground ? ground.opening : undefined;
    const visible = (twin?.segments ?? 0n) & (twin?.security || !grant ? -1n : grant.segments);
    const segments = question.segments ?? visible;
    const facts = {
      twin: twin ?? null,
      device: device?.state ?? ("none" as const),
      readerIsOracle: oracle,
      consented: view.consentOf(question.twin, reader),
      grant: grant
        ? {
            ...grant,
            ...endOf(view, grant),
            sameTwin: grant.twin === question.twin,
            sameReader: grant.reader === reader,
          }
        : null,
      opening: opening
        ? {
            sameTwin: opening.twin === question.twin,
            sameReader: opening.opener === reader,
            ended: opening.ended !== null,
            until: opening.until,
          }
        : null,
    };
    const reason = decide(facts, { ...question, segments });
    return { reason, grant, opening, segments };
  });

  return { ...furthest(answers), twin, device, assignment, stranger: isStranger(view, reader, question.twin) };
}

/** Whether nothing on the chain connects a reader with a twin: no grant or opening ever, not its steward, no oracle at its security twin. */
export function isStranger(view: ChainView, reader: Hex, twin: Hex): boolean {
  if (groundsOf(view, { twin, reader }).length > 0 || stewardOf(view, twin) === reader) return false;
  return !(view.twin(twin)?.security === true && view.isOracle(reader));
}

/** The steward of a twin's device; undefined where there is no such twin. */
export function stewardOf(view: ChainView, twin: Hex): Hex | undefined {
  const device = view.twin(twin)?.device;
  return device && view.device(device)?.steward;
}

/** The first permitted answer; where none is, the one that came furthest through the checks, which says most. */
function furthest<A extends { readonly reason: Reason }>(answers: readonly A[]): A {
  const rank = ({ reason }: A): number => (reason === "Permitted" ? REASONS.length : REASONS.indexOf(placeOf(reason)));
  return answers.reduce((best, answer) => (rank(answer) > rank(best) ? answer : best));
}

/** An opening is checked where a grant would be. */
function placeOf(reason: Reason): Reason {
  if (reason === "BreakGlassEnded") return "GrantRevoked";
  return reason === "BreakGlassExpired" ? "GrantExpired" : reason;
}

/**
 * The purpose of an ask that names none: security for an oracle at a security twin, else the only one that the reader's
 * grants and openings of the glass cover (the running ones, or all when none runs). Undefined where there is not exactly one.
 */
export function onlyPurpose(view: ChainView, question: Omit<Question, "purpose" | "action">): Purpose | undefined {
  if (view.twin(question.twin)?.security === true && view.isOracle(question.reader)) return "security";
  const mine = grantsOf(view, question.twin, question.reader).filter(
    (grant) => question.grant === undefined || grant.id === question.grant,
  );
  const running = mine.filter(
    (grant) => !hasEnded(view, grant) && question.now >= grant.from && question.now < grant.until,
  );
  const opened = openingsOf(view, question.twin, question.reader).filter(
    ({ id }) => question.grant === undefined || id === question.grant,
  );
  const open = opened.filter(({ ended, until }) => !ended && question.now < until);
  const any = running.length + open.length > 0;
  const emergency = (any ? open : opened).length > 0 ? purposesMask(["emergency"]) : 0;
  const mask = (any ? running : mine).reduce((all, grant) => all | grant.purposes, emergency);
  const names = purposeNames(mask).filter((name) => PURPOSES.includes(name));
  return names.length === 1 ? names[0] : undefined;
}

function groundsOf(view: ChainView, { twin, reader }: Pick<Question, "twin" | "reader">): Ground[] {
  const grants = grantsOf(view, twin, reader).map((grant) => ({ grant }));
  return [...grants, ...openingsOf(view, twin, reader).map((opening) => ({ opening }))];
}

/** The newest first: it is the one that may still run. */
const openingsOf = (view: ChainView, twin: Hex, reader: Hex): OpeningFact[] =>
  view
    .openingsOf(twin)
    .filter(({ opener }) => opener === reader)
    .toReversed();

/**
 * Somebody else's is as unknown as one that does not exist: ids follow from twin, reader and grantor, so that whoever guesses these
 * could ask their own twin whether there is such a grant.
 */
function groundNamed(view: ChainView, id: Hex, reader: Hex): Ground {
  const [grant, opening] = [view.grant(id), view.opening(id)];
  if (grant) return grant.reader === reader ? { grant } : undefined;
  return opening?.opener === reader ? { opening } : undefined;
}

const grantsOf = (view: ChainView, twin: Hex, reader: Hex): GrantFact[] =>
  view.grantsOf(twin).filter((grant) => grant.reader === reader);
