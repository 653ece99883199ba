import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { segmentsMask } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { requestTypedData, type Asking, type SignedRequest } from "../../protocol/request.ts";
import { PURPOSES, type Purpose } from "../../protocol/words.ts";
import type { Catalogue } from "./answers.ts";
import type { SignIn } from "./sign-in.ts";

/** What somebody wishes to read: a manifest of the catalogue, or a twin that they were told of. Times in ms. */
export interface Wish {
  readonly manifest?: Hex;
  readonly twin?: Hex;
  /** Names where a manifest is asked for, all that it shows without; of a twin the bitmap. */
  readonly segments?: readonly string[] | bigint;
  readonly purposes: readonly Purpose[];
  /** Until when to read. */
  readonly until: number;
  /** For the person who decides. */
  readonly why: string;
  /** Where the answer is posted (webhook@1); `answer` asks for it too. */
  readonly webhook?: string;
  /** Until when an answer helps; a week, or `until`, without. */
  readonly deadline?: number;
}

const WEEK_MS = 7 * 86_400_000;

/** The request@1 of a wish, signed for a consortium. Throws MALFORMED_REQUEST or REQUEST_UNFOUNDED for what cannot be asked. */
export async function signRequest(
  wish: Wish,
  signer: SignIn,
  facts: { readonly consortium: Consortium; readonly catalogue: () => Promise<Catalogue>; readonly now: number },
): Promise<SignedRequest> {
  if (!signer.signTypedData) throw new TwinwardError("SESSION_REQUIRED", { detail: "The signer signs no typed data." });
  const { consortium, now } = facts;
  const asked: Asking = {
    twin: wish.twin ?? null,
    manifest: wish.manifest ?? null,
    reader: (await signer.getAddress()).toLowerCase() as Hex,
    segments: (await segmentsOf(wish, facts.catalogue)).toString(),
    purposes: PURPOSES.filter((purpose) => wish.purposes.includes(purpose)),
    until: Math.floor(wish.until / 1000),
    why: wish.why,
    webhook: wish.webhook ?? null,
    nonce: toHex(crypto.getRandomValues(new Uint8Array(32))),
    deadline: Math.floor((wish.deadline ?? Math.min(wish.until, now + WEEK_MS)) / 1000),
  };
  const { chainId, contracts } = consortium;
  const { domain, types, message } = requestTypedData({ chainId, contract: contracts.GrantRegistry }, asked);
  const signature = (await signer.signTypedData(domain, types, message)) as Hex;
  return { format: "request@1", asked, signature };
}

async function segmentsOf({ twin, manifest, segments }: Wish, catalogue: () => Promise<Catalogue>): Promise<bigint> {
  if (typeof segments === "bigint") return segments;
  if (twin !== undefined || manifest === undefined)
    throw new TwinwardError("MALFORMED_REQUEST", {
      detail: "Name a manifest, or a twin with the bitmap of its segments.",
    });
  const { models, manifests } = await catalogue();
  const offer = manifests.find(({ hash }) => hash === manifest)?.manifest;
  const model = models.find(({ hash }) => hash === offer?.model)?.model;
  if (!offer || !model) throw new TwinwardError("REQUEST_UNFOUNDED", { detail: "The manifest is not on offer." });
  return segmentsMask(model, segments ?? offer.segments);
}
