import { TwinwardError } from "../../protocol/errors.ts";
import type { Tx } from "../store/database.ts";
import { inSteps } from "./in-steps.ts";

/**
 * Holds leaves [first, first + count) against what they stand for: the SHA-256 of the bytes that the device signed, or of the
 * record's text, hashed by the database from its own rows. Without it a batch would vouch for a digest whose bytes are
 * already others. Throws ANCHOR_ROOT_MISMATCH at the first leaf whose bytes are changed, another's or gone.
 */
export async function checkContents(tx: Tx, first: number, count: number): Promise<void> {
  await inSteps(first, count, async (from, until) => {
    const [found] = await tx.query<{ position: number }>(
      `select l.position from leaf l
       left join reading r on r.position = l.position and l.kind = 1 and r.device = l.subject and r.sequence = l.sequence
       left join record c on c.position = l.position and l.kind <> 1
       where l.position >= $1 and l.position < $2
         and sha256(convert_to(coalesce(r.signing_input, c.body), 'UTF8')) is distinct from l.content
       order by l.position limit 1`,
      [from, until],
    );
    if (found) {
      throw new TwinwardError("ANCHOR_ROOT_MISMATCH", {
        position: found.position,
        detail: `The stored bytes of leaf ${found.position} are not those that it was made of.`,
      });
    }
  });
}
