import { z } from "zod";
import type { Tensors } from "../engines/engine.ts";

const INDEX = z
  .array(
    z.strictObject({
      name: z.string().max(200),
      size: z
        .int()
        .min(1)
        .max(2 ** 28),
    }),
  )
  .max(4_096);

/** Names and sizes of tensors in the order in which their numbers follow one another. */
export type TensorIndex = z.infer<typeof INDEX>;

export const packIndex = (tensors: Tensors): TensorIndex =>
  Object.keys(tensors)
    .sort()
    .map((name) => ({ name, size: tensors[name]?.length ?? 0 }));

/** Tensors as bytes: by name, each float32 little-endian, one after the other. The same tensors give the same bytes. */
export function packTensors(tensors: Tensors): { index: TensorIndex; bytes: Buffer } {
  const index = packIndex(tensors);
  const bytes = Buffer.alloc(4 * index.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  for (const { name } of index) for (const number of tensors[name] ?? []) at = bytes.writeFloatLE(number, at);
  return { index, bytes };
}

/**
 * What `packTensors` has packed; `length` says how many bytes it took, all of them unless only `some` are wanted.
 *
 * @throws RangeError or ZodError where the index and the bytes do not belong together, or a number is none
 */
export function unpackTensors(
  index: unknown,
  bytes: Uint8Array,
  which: "all" | "some" = "all",
): { tensors: Record<string, Float32Array>; length: number } {
  const entries = INDEX.parse(index);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = 4 * entries.reduce((sum, { size }) => sum + size, 0);
  if (length > view.length || (which === "all" && length !== view.length)) throw new RangeError("not as many bytes");
  const tensors = new Map<string, Float32Array>();
  let at = 0;
  for (const { name, size } of entries) {
    if (tensors.has(name)) throw new RangeError("two tensors of one name");
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++, at += 4) values[i] = view.readFloatLE(at);
    if (!values.every(Number.isFinite)) throw new RangeError("a number that is none");
    tensors.set(name, values);
  }
  return { tensors: Object.fromEntries(tensors), length };
}
