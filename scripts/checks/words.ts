// The glossary as a program: words that exported names, tables, columns and URL parts must not use.
import { ownSources, root } from "./imports.ts";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Parts of names that say nothing (STYLE), and other words for things that have one already (glossary). */
const EMPTY_PARTS = ["Manager", "Service", "Handler", "Util", "Utils", "Helper"];
const EMPTY_ENDINGS = ["Data", "Info"];
/** The field's own terms, which end so: EIP-712's typed data, false data injection, DATA the directory. */
const TERMS = /typed.?data|false.?data|^data$/i;
const OTHER_WORDS = ["Tenant", "Patient", "Telemetry", "Sensor", "Permission", "Ticket", "Admission"];

/** What a word breaks, or undefined. camelCase, PascalCase, snake_case and kebab-case are all read as parts. */
export function brokenWord(name: string): string | undefined {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[\s_\-/]+/)
    .filter(Boolean)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase());
  const found = parts.find((part) => EMPTY_PARTS.includes(part) || OTHER_WORDS.includes(part));
  if (found !== undefined && !(found === "Sensor" && /virtual/i.test(name))) return found;
  const last = parts.at(-1);
  if (parts.length > 1 && last !== undefined && EMPTY_ENDINGS.includes(last) && !TERMS.test(name)) return last;
  return undefined;
}

function exportedNames(source: string): string[] {
  return [
    ...source.matchAll(
      /^export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\*?|const|let|class|interface|type)\s+(\w+)/gm,
    ),
  ].map((match) => match[1] ?? "");
}

function sqlNames(text: string): string[] {
  const plain = text.replace(/--.*$/gm, "");
  return [...plain.matchAll(/create\s+table\s+(?:if not exists\s+)?(\w+)\s*\(([\s\S]*?)\n\)/gi)].flatMap((match) => [
    match[1] ?? "",
    ...[...(match[2] ?? "").matchAll(/^\s*(\w+)\s+(?:bytea|bigint|int|integer|smallint|text|boolean|jsonb?)/gim)].map(
      (column) => column[1] ?? "",
    ),
  ]);
}

function urlParts(source: string): string[] {
  return [...source.matchAll(/["'`](\/v1\/[\w/:{}-]+)/g)].flatMap((match) =>
    (match[1] ?? "").split("/").filter((part) => part !== "" && part !== "v1"),
  );
}

/** Every name of the repository that the glossary forbids, in words. */
export function forbiddenWords(): string[] {
  const wrong: string[] = [];
  for (const { file, source } of ownSources()) {
    if (file.startsWith("test/") || file.startsWith("protocol/abi/") || file.startsWith("server/chain/generated/"))
      continue;
    for (const name of [...exportedNames(source), ...urlParts(source)]) {
      const word = brokenWord(name);
      if (word !== undefined) wrong.push(`${file}: '${name}' uses '${word}'`);
    }
  }
  for (const file of globSync("server/store/migrations/*.sql", { cwd: root })) {
    for (const name of sqlNames(readFileSync(join(root, file), "utf8"))) {
      const word = brokenWord(name);
      if (word !== undefined) wrong.push(`${file}: '${name}' uses '${word}'`);
    }
  }
  return wrong;
}
