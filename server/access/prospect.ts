import type { Hex } from "../../protocol/bytes.ts";
import type { ChainView, DeviceFact } from "../chain/view.ts";
import type { Asked } from "./authorize.ts";
import { changesOf } from "./changes-of.ts";
import type { PermitTerms } from "./permit.ts";
import type { Answer, Question } from "./weigh.ts";

/** What a permit will say once its decision is durable. By it things may be looked up, and nothing may be shown. */
export type Prospect = Omit<PermitTerms, "decision">;

/** What was found of an ask, and what it rests on. */
export interface Found {
  readonly view: ChainView;
  readonly question: Question;
  readonly answer: Answer;
  /** Set where the chain could not be seen: timestamp of the last block that was. */
  readonly notSeenSince?: number;
}

/** What a permit of this will say; undefined where there will be none. */
export function prospectOf(asked: Asked, { view, question, answer, notSeenSince }: Found): Prospect | undefined {
  const { reason, twin, device, assignment, grant, opening, segments } = answer;
  if (reason !== "Permitted" || !twin || !device) return undefined;
  return {
    reader: asked.reader,
    action: question.action,
    purpose: question.purpose,
    twin,
    device,
    segments,
    from: asked.from ?? null,
    until: asked.until ?? null,
    first: assignment?.from ?? 1,
    end: assignment?.end ?? null,
    changes: changesOf(view, device.id),
    grant: grant?.id ?? null,
    ...(opening && { opening: opening.id }),
    distrusted: distrustOf(device),
    block: view.head,
    ...(notSeenSince !== undefined && { notSeenSince }),
    view,
  };
}

/** How a quarantine shows; null while there is none. */
export function distrustOf({ state, quarantinedBy }: DeviceFact): { readonly verdict: Hex | null } | null {
  return state === "quarantined" ? { verdict: quarantinedBy ?? null } : null;
}
