import { isHex, type Hex } from "./bytes.ts";
import { TwinwardError, type ErrorCode } from "./errors.ts";

/**
 * Strict readers of JSON values that somebody else wrote. Each knows its place (`$.batch.root`), so that whoever brought
 * the file can be told where it is wrong; unknown members are refused, because nothing compares them with anything.
 */
export class Shape {
  readonly code: ErrorCode;
  readonly path: string;
  readonly value: unknown;

  constructor(code: ErrorCode, value: unknown, path = "$") {
    this.code = code;
    this.path = path;
    this.value = value;
  }

  fault(detail: string): TwinwardError {
    return new TwinwardError(this.code, { path: this.path, detail: `${this.path}: ${detail}` });
  }

  /** An object with all of `required`, perhaps some of `optional`, and nothing else. */
  members<R extends string, O extends string = never>(
    required: readonly R[],
    optional: readonly O[] = [],
  ): Record<R, Shape> & Partial<Record<O, Shape>> {
    const object = this.object();
    const known: readonly string[] = [...required, ...optional];
    for (const name of Object.keys(object)) {
      if (!known.includes(name)) throw new Shape(this.code, undefined, `${this.path}.${name}`).fault("unknown member");
    }
    const shapes: Record<string, Shape> = {};
    for (const name of known) {
      const place = `${this.path}.${name}`;
      if (Object.hasOwn(object, name)) shapes[name] = new Shape(this.code, object[name], place);
      else if ((required as readonly string[]).includes(name))
        throw new Shape(this.code, undefined, place).fault("missing");
    }
    return shapes as Record<R, Shape> & Partial<Record<O, Shape>>;
  }

  object(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value))
      throw this.fault("not an object");
    return this.value as Record<string, unknown>;
  }

  list<T>(read: (item: Shape) => T, most = Number.MAX_SAFE_INTEGER): T[] {
    if (!Array.isArray(this.value)) throw this.fault("not an array");
    if (this.value.length > most) throw this.fault(`more than ${most} items`);
    return this.value.map((item, i) => read(new Shape(this.code, item, `${this.path}[${i}]`)));
  }

  literal<const T extends string | number>(...allowed: readonly T[]): T {
    if (!(allowed as readonly unknown[]).includes(this.value)) throw this.fault(`not ${allowed.join(" or ")}`);
    return this.value as T;
  }

  text(): string {
    if (typeof this.value !== "string") throw this.fault("not a string");
    return this.value;
  }

  matching(pattern: RegExp, what: string): string {
    const text = this.text();
    if (!pattern.test(text)) throw this.fault(`not ${what}`);
    return text;
  }

  /** Lower-case hex of exactly `length` bytes. */
  hex(length: number): Hex {
    if (!isHex(this.value, length)) throw this.fault(`not ${length} bytes of lower-case hex`);
    return this.value;
  }

  /** A safe integer in [least, most]. */
  integer(least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.value;
    if (
      typeof value !== "number" ||
      !Number.isSafeInteger(value) ||
      Object.is(value, -0) ||
      value < least ||
      value > most
    ) {
      throw this.fault(`not an integer from ${least} to ${most}`);
    }
    return value;
  }

  number(): number {
    if (typeof this.value !== "number" || !Number.isFinite(this.value)) throw this.fault("not a number");
    return this.value;
  }

  orNull<T>(read: (shape: Shape) => T): T | null {
    return this.value === null ? null : read(this);
  }
}
