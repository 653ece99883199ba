export interface ErrorRow {
  /** HTTP status. */
  readonly status: number;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

// A declaration, not a constant: the tables that need it are made when their modules are read.
export function row(status: number, message: string, remedy: string): ErrorRow {
  return { status, message, remedy };
}
