import { fromHex, toHex, utf8, type Hex } from "./bytes.ts";
import { sha256 } from "./hash.ts";
import { Shape } from "./shape.ts";

/**
 * note@1: words whose hash alone is on chain (the reason of an opening, the finding of its review), with the salt that keeps them from
 * being guessed. docs/formats/break-glass.md.
 */
export interface SaltedNote {
  readonly format: "note@1";
  /** 16 bytes. */
  readonly salt: Hex;
  readonly text: string;
}

/** What the chain keeps of a note: SHA-256 of salt ‖ text in UTF-8. */
export const noteHash = ({ salt, text }: Pick<SaltedNote, "salt" | "text">): Hex =>
  toHex(sha256(fromHex(salt, 16), utf8(text)));

/** Makes a note. `random` gives as many bytes as it is asked for. */
export const writeNote = (text: string, random: (size: number) => Uint8Array): SaltedNote => ({
  format: "note@1",
  salt: toHex(random(16)),
  text,
});

/** Reads a note that somebody kept, strictly. Throws UNUSABLE_INPUT with the place. */
export function readNote(value: unknown): SaltedNote {
  const found = new Shape("UNUSABLE_INPUT", value).members(["format", "salt", "text"]);
  return { format: found.format.literal("note@1"), salt: found.salt.hex(16), text: found.text.text() };
}
