import canonicalize from "canonicalize";
import { TwinwardError } from "./errors.ts";

const DEPTH = 64;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
// Up to the next quote, backslash or control character.
// eslint-disable-next-line no-control-regex
const PLAIN = /[^"\\\x00-\x1f]*/y;
const ESCAPES: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** RFC 8785 text of a JSON value. Throws JSON_MALFORMED for what JSON cannot say (NaN, lone surrogates, undefined). */
export function canonical(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new TwinwardError("JSON_MALFORMED", { path: "$", detail: "The value has no canonical form." }, cause);
  }
  if (text === undefined) throw new TwinwardError("JSON_MALFORMED", { path: "$", detail: "No JSON value." });
  return text;
}

/**
 * The value of a JSON text (RFC 8259), more strictly than JSON.parse: duplicate members, lone surrogates, numbers that
 * no double holds finitely and nesting deeper than 64 are refused. Throws JSON_MALFORMED or JSON_MEMBER_DUPLICATE with
 * the JSON path and the offset.
 */
export function parseStrict(text: string): unknown {
  const reader = new Reader(text);
  const value = reader.value("$", 0);
  reader.space();
  if (reader.at < text.length) throw reader.fault("$", "Text after the value.");
  return value;
}

class Reader {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  fault(
    path: string,
    detail: string,
    code: "JSON_MALFORMED" | "JSON_MEMBER_DUPLICATE" = "JSON_MALFORMED",
  ): TwinwardError {
    return new TwinwardError(code, { path, offset: this.at, detail });
  }

  match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  space(): void {
    this.match(SPACE);
  }

  value(path: string, depth: number): unknown {
    if (depth > DEPTH) throw this.fault(path, "Nested too deeply.");
    this.space();
    switch (this.text[this.at]) {
      case "{":
        return this.object(path, depth);
      case "[":
        return this.array(path, depth);
      case '"':
        return this.string(path);
      case "t":
        return this.word(path, "true", true);
      case "f":
        return this.word(path, "false", false);
      case "n":
        return this.word(path, "null", null);
      default:
        return this.number(path);
    }
  }

  object(path: string, depth: number): Record<string, unknown> {
    const members: [string, unknown][] = [];
    const names = new Set<string>();
    this.at++;
    this.space();
    if (this.take("}")) return {};
    for (;;) {
      this.space();
      const name = this.string(path);
      const place = `${path}.${name}`;
      if (names.has(name)) throw this.fault(place, "The member occurs twice.", "JSON_MEMBER_DUPLICATE");
      names.add(name);
      this.space();
      if (!this.take(":")) throw this.fault(place, "A colon is missing.");
      members.push([name, this.value(place, depth + 1)]);
      this.space();
      // fromEntries defines own members, so "__proto__" is a name like any other.
      if (this.take("}")) return Object.fromEntries(members);
      if (!this.take(",")) throw this.fault(path, "A comma or brace is missing.");
    }
  }

  array(path: string, depth: number): unknown[] {
    const items: unknown[] = [];
    this.at++;
    this.space();
    if (this.take("]")) return items;
    for (;;) {
      items.push(this.value(`${path}[${items.length}]`, depth + 1));
      this.space();
      if (this.take("]")) return items;
      if (!this.take(",")) throw this.fault(path, "A comma or bracket is missing.");
    }
  }

  string(path: string): string {
    if (!this.take('"')) throw this.fault(path, "A string is missing.");
    let text = "";
    for (;;) {
      text += this.match(PLAIN);
      if (this.take('"')) break;
      if (!this.take("\\")) throw this.fault(path, "The string does not end, or holds a control character.");
      text += this.escape(path);
    }
    if (!text.isWellFormed()) throw this.fault(path, "A lone surrogate.");
    return text;
  }

  escape(path: string): string {
    const letter = this.text[this.at] ?? "";
    if (letter === "u") {
      const digits = this.text.slice(this.at + 1, this.at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.fault(path, "Not four hex digits.");
      this.at += 5;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meant = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (meant === undefined) throw this.fault(path, "An unknown escape.");
    this.at++;
    return meant;
  }

  number(path: string): number {
    const digits = this.match(NUMBER);
    if (digits === "") throw this.fault(path, "No JSON value.");
    const value = Number(digits);
    if (!Number.isFinite(value)) throw this.fault(path, "No double holds this number.");
    return value;
  }

  word<T>(path: string, word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.fault(path, "No JSON value.");
    this.at += word.length;
    return value;
  }

  take(letter: string): boolean {
    if (this.text[this.at] !== letter) return false;
    this.at++;
    return true;
  }
}
