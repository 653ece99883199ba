import type { Access } from "../access/authorize.ts";
import type { ApiRooms } from "../api/rooms.ts";
import type { Chain } from "../chain/view.ts";
import { createDocuments } from "../twin/documents.ts";
import { createExports } from "../twin/exports.ts";
import { createFleet } from "../twin/fleet.ts";
import { createReader } from "../twin/history.ts";
import { createHeads } from "../twin/heads.ts";
import { createProofs } from "../twin/proofs.ts";
import { createReceipts } from "../twin/receipts.ts";
import { createRecords } from "../twin/records.ts";
import type { TwinRooms } from "../twin/rooms.ts";
import { createStreams, type Streams } from "../twin/streams.ts";

type Shown = Pick<ApiRooms, "documents" | "reader" | "receipts" | "records" | "exports" | "fleet">;

/** What people are shown of twins and devices. `requireRoom` throws where the disk is nearly full: anybody may upload documents. */
export function openTwins(rooms: TwinRooms, chain: Chain, requireRoom: () => void): Shown {
  const { database } = rooms;
  const documents = createDocuments(database, chain);
  const proofs = createProofs(rooms);
  const reader = createReader(rooms, proofs, documents);
  return {
    documents: { ...documents, keep: async (value) => (requireRoom(), documents.keep(value)) },
    reader,
    receipts: createReceipts(rooms, proofs, reader, documents),
    records: createRecords(database),
    exports: createExports(rooms),
    fleet: createFleet(rooms, documents),
  };
}

/** Live streams of what is shown. */
export function openStreams(
  { database }: Pick<TwinRooms, "database">,
  { reader }: Pick<Shown, "reader">,
  access: Access,
  report: (error: unknown) => void,
): Streams {
  return createStreams({ access, reader, heads: createHeads(database), report });
}
