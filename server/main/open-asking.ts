import type { Hex } from "../../protocol/bytes.ts";
import type { RequestDomain } from "../../protocol/request.ts";
import type { Es256Signer } from "../../protocol/es256.ts";
import { createRequests, type Requests } from "../access/asking/requests.ts";
import { createWebhooks } from "../access/asking/webhooks.ts";
import { createRelays, type Relays } from "../access/relay.ts";
import { walletAsker } from "../chain/ask-wallet.ts";
import type { Outbox } from "../chain/outbox.ts";
import type { Chain } from "../chain/view.ts";
import type { Committer } from "../store/committer.ts";
import type { Database } from "../store/database.ts";
import { createOffers, type Offers } from "../twin/catalogue.ts";
import type { Documents } from "../twin/documents.ts";
import type { Ending } from "./ending.ts";

interface AskingRooms {
  readonly database: Database;
  readonly committer: Committer;
  readonly chain: Chain;
  readonly documents: Documents;
  readonly stream: Hex;
  readonly domain: RequestDomain;
  /** The gateway's, for webhooks. */
  readonly signer: Es256Signer;
  readonly privateWebhooks: boolean;
  readonly outbox: Pick<Outbox, "send" | "settle" | "sender">;
  /** Throws where the disk is nearly full: anybody may ask. */
  readonly requireRoom: () => void;
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  readonly report: (error: unknown) => void;
}

/** What is on offer, the requests for it, whoever tells the apps how theirs ended, and the way of a signed answer to the chain. */
export function openAsking(rooms: AskingRooms, ending: Ending): { offers: Offers; requests: Requests; relays: Relays } {
  const { documents, chain, domain, privateWebhooks } = rooms;
  const offers = createOffers(documents, chain);
  const webhooks = createWebhooks({ ...rooms, chainId: domain.chainId, privateAllowed: privateWebhooks });
  ending.onClose("webhooks", () => webhooks.close());
  const requests = createRequests({
    ...rooms,
    takesSignature: walletAsker(chain),
    offers: (manifest) => offers.segmentsOf(manifest),
    answered: () => webhooks.wake(),
  });
  ending.onClose("requests", () => requests.close());
  const ask: Requests["ask"] = async (body, from) => (rooms.requireRoom(), requests.ask(body, from));
  return { offers, requests: { ...requests, ask }, relays: createRelays({ ...rooms, registry: domain.contract }) };
}
