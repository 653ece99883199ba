import { createAnchor, type Anchor, type AnchorParts } from "../anchor/anchor-loop.ts";
import type { Outbox } from "../chain/outbox.ts";
import type { Committer } from "../store/committer.ts";
import type { Claim } from "../store/database.ts";

/** What rooms send by: the server's outbox, as long as the database is this server's. */
export type Letters = AnchorParts["outbox"];

/**
 * A database that was restarted has forgotten who sends. Whoever claims it first goes on; the other one only waits, and would do no
 * harm if it didn't: the contract takes each batch number once.
 */
export function claimedLetters(outbox: Outbox, claim: Pick<Claim, "assure">): Letters {
  return {
    send: async (letter) => {
      await claim.assure();
      return outbox.send(letter);
    },
    settle: (hash, timeoutMs) => outbox.settle(hash, timeoutMs),
    waiting: () => outbox.waiting(),
    sender: outbox.sender,
  };
}

type Rooms = Omit<AnchorParts, "onTrouble"> & {
  readonly committer: Pick<Committer, "halt">;
  readonly report: (error: unknown) => void;
};

/** The anchor loop, which ends all promises where the chain holds other leaves than ours. */
export function openAnchor({ committer, report, ...parts }: Rooms): Anchor {
  return createAnchor({
    ...parts,
    onTrouble: (error) => {
      report(error);
      // The chain has other leaves where ours would stand: no ack from here on could be kept, and no decision be proven.
      if (error.code === "ANCHOR_CONFLICT") committer.halt(error);
    },
  });
}
