import type { Hex } from "../../../protocol/bytes.ts";
import type { ChainEvent, ReadEvent } from "../event.ts";
import type { Ids, Tables } from "../tables.ts";
import type { AnchorFact, DeviceFact } from "../view.ts";

export type TableName = keyof Tables;

/** What an event's fold reads and writes of the state. */
export interface Pen {
  read<N extends TableName>(name: N): Tables[N];
  write<N extends TableName>(name: N): Tables[N];
  anchors(stream: Hex): AnchorFact[];
}

/** What one event changes. */
export type Fold = (pen: Pen, read: ReadEvent, event: ChainEvent) => void;
/** By contract and event: `GrantRegistry.Revoked`. */
export type Folds = Readonly<Record<string, Fold>>;

export function changeDevice(pen: Pen, id: Hex, change: (device: DeviceFact) => DeviceFact): void {
  const devices = pen.write("devices");
  const device = devices.get(id);
  if (device !== undefined) devices.set(id, change(device));
}

export function append(index: Map<Hex, Ids>, owner: Hex, id: Hex): void {
  const items = index.get(owner)?.items ?? [];
  items.push(id);
  index.set(owner, { items, size: items.length });
}
