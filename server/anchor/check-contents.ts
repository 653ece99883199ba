import { TwinwardError } from "../../protocol/errors.ts";
import type { Tx } from "../store/database.ts";
import { inSteps } from "./in-steps.ts";

/**
 * Holds leaves [first, first + count) against what they stand for: the SHA-256 of the bytes that the device signed, or of the
 * record's text, hashed by the database from its own rows. Without it a batch would vouch for a digest whose bytes are
 * already others. Throws ANCHOR_ROOT_MISMATCH at the first leaf whose bytes are changed, another's or gone.
 */
export async function checkContents(tx: Tx, first: number, count: number): Promise<void> {
  const [begin] = await tx.query<{ month: number }>(
    `select accepted_month as month from leaf
     where position >= $1 and position < $2 and accepted_month is not null order by position limit 1`,
    [first, first + count],
  );
  let month = begin?.month ?? 0;
  await inSteps(first, count, async (from, until) => {
    for (let at = from; ;) {
      const differs = await firstThatDiffers(tx, month, at, until);
      if (!differs) return;
      const { position, accepted_month } = differs;
      if (accepted_month === null || accepted_month === month) {
        throw new TwinwardError("ANCHOR_ROOT_MISMATCH", {
          position,
          detail: `The stored bytes of leaf ${position} are not those that it was made of.`,
        });
      }
      // From here on they lie in another month.
      month = accepted_month;
      at = position;
    }
  });
}

/**
 * The first leaf of [from, until) whose bytes are not found as they were, looked for in one month's readings only: joined with all
 * of them, each leaf would choose among the partitions anew.
 */
async function firstThatDiffers(
  tx: Tx,
  month: number,
  from: number,
  until: number,
): Promise<{ readonly position: number; readonly accepted_month: number | null } | undefined> {
  const [found] = await tx.query<{ position: number; accepted_month: number | null }>(
    `select l.position, l.accepted_month from leaf l
     left join reading r on r.accepted_month = ${month} and r.position = l.position
       and l.kind = 1 and l.accepted_month = ${month} and r.device = l.subject and r.sequence = l.sequence
     left join record c on c.position = l.position and l.kind <> 1
     where l.position >= $1 and l.position < $2
       and sha256(convert_to(coalesce(r.signing_input, c.body), 'UTF8')) is distinct from l.content
     order by l.position limit 1`,
    [from, until],
  );
  return found;
}
