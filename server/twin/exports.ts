import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { EndLine } from "../../protocol/export.ts";
import type { ExportRecord } from "../../protocol/export-record.ts";
import { buildRecord } from "../../protocol/record.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { TwinRooms } from "./rooms.ts";

export type Exported = Omit<ExportRecord, "format" | "stream" | "at" | "salt">;

export interface Exports {
  /** Records what was sent in one archive; its last line, durable when this resolves. */
  end(exported: Exported): Promise<EndLine>;
}

export function createExports({
  committer,
  stream,
  now,
  random,
}: Pick<TwinRooms, "committer" | "stream" | "now" | "random">): Exports {
  return {
    async end(exported) {
      const salt: Hex = toHex(random(16));
      const record: ExportRecord = { format: "export@1", stream, at: now(), salt, ...exported };
      const { text: body, content } = buildRecord(record);
      return committer.submit(async () => ({
        entries: [{ kind: "record", leafKind: LEAF_KINDS.export, subject: record.twin, body, content }],
        result: ([placed]) => {
          if (!placed) throw new RangeError("an entry without a place");
          return { kind: "end", record, sequence: placed.sequence, ack: placed.ack };
        },
      }));
    },
  };
}
