import type { Hex } from "../../../protocol/bytes.ts";

export const NOBODY: Hex = `0x${"00".repeat(20)}`;

/** The model refuses, with the word of the error that the contract has for it. */
export class Refused extends Error {
  readonly word: string;

  constructor(word: string) {
    super(word);
    this.word = word;
  }
}

export const refuse = (word: string): never => {
  throw new Refused(word);
};

/** What somebody signed: good for these very words by this account, until the deadline. */
export interface Word {
  readonly signer: Hex;
  /** Whether the signature is under what is carried out. */
  readonly good: boolean;
  readonly deadline: number;
  /** Of the twins of the grants that are signed, one by one. */
  readonly epochs?: readonly number[];
}

export function requireSigned({ good, deadline }: Word, now: number): void {
  if (now > deadline) refuse("SignatureExpired");
  if (!good) refuse("SignatureInvalid");
}
