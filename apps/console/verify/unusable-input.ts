/** An input that cannot be judged at all: which one, where in it, what is wrong, and what to do. */
export class UnusableInput extends Error {
  readonly which: string;
  readonly place: string;
  readonly remedy: string;

  constructor(which: string, place: string, words: string, remedy: string) {
    super(words);
    this.which = which;
    this.place = place;
    this.remedy = remedy;
  }
}
