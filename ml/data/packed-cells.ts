/** A column's cells as text. A string of its own for each of them would take three times the memory, so none is kept. */
export interface Cells {
  readonly length: number;
  /** All of them, made anew: to be let go when they have been looked at. */
  texts(): string[];
}

/** Cells that are still coming. */
export interface CellsInTheMaking extends Cells {
  push(cell: string): void;
}

/** So many cells are one string. */
const CELLS_OF_CHUNK = 1_024;

interface Chunk {
  readonly text: string;
  /** Where each cell ends in it. */
  readonly ends: Uint32Array;
}

export function packCells(cells: Iterable<string> = []): CellsInTheMaking {
  const chunks: Chunk[] = [];
  let open: string[] = [];
  const column: CellsInTheMaking = {
    get length() {
      return chunks.length * CELLS_OF_CHUNK + open.length;
    },
    push(cell) {
      open.push(cell);
      if (open.length < CELLS_OF_CHUNK) return;
      let end = 0;
      chunks.push({ text: open.join(""), ends: Uint32Array.from(open, ({ length }) => (end += length)) });
      open = [];
    },
    texts: () => [...chunks.flatMap(textsOf), ...open],
  };
  for (const cell of cells) column.push(cell);
  return column;
}

function textsOf({ text, ends }: Chunk): string[] {
  let from = 0;
  return Array.from(ends, (end) => {
    const cell = text.slice(from, end);
    from = end;
    return cell;
  });
}
