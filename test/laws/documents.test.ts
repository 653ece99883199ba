import { globSync, existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect } from "chai";
import { ERRORS } from "../../protocol/errors.ts";
import { ALLOWED, root } from "../../scripts/checks/imports.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const MOST_LINES = 60;

/** Every document that is ours. */
function documents(): string[] {
  const rooms = ["apps", "contracts", "docs", "lab", "ml", "protocol", "scripts", "server", "test"];
  return ["", ...rooms.map((room) => `${room}/**/`)].flatMap((place) => globSync(`${place}*.md`, { cwd: root })).sort();
}

/** Every room that has files: those of the import table, the contracts, the documents. */
function rooms(): string[] {
  return [...Object.keys(ALLOWED), "contracts", "docs", "server"].filter((room) => existsSync(join(root, room)));
}

/** Relative targets of a document's links, without code blocks and spans. */
function linksOf(text: string): string[] {
  const plain = text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
  return [...plain.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((target) => !/^(?:[a-z]+:|#)/.test(target));
}

const MADE = new Set([
  "consortium.json",
  "receipt.json",
  "anchors.json",
  "data-keys.json",
  "erasing.json",
  "genesis.json",
  "signer.py",
  "model.json",
]);

/** Where a file named in a document may lie: beside it, in one of its room's folders, or as the name says from the root. */
function placesOf(document: string, name: string): string[] {
  const room = dirname(document);
  return [
    name,
    join(room, name),
    ...globSync(`${room === "." ? "" : `${room}/`}**/${name}`, {
      cwd: root,
      exclude: (path) => path.includes("node_modules"),
    }),
  ];
}

describe("documents", () => {
  it("exist for whoever opens the repository, and SECURITY.md begins with what must be said first", () => {
    for (const file of ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"])
      expect(existsSync(join(root, file)), file).to.equal(true);
    const [, body = ""] = read("SECURITY.md").split("# Security\n");
    expect(body.trimStart()).to.match(/^No bedside alarm may depend on Twinward\./);
  });

  it("tell each room's story in at most sixty lines", () => {
    expect(rooms().length).to.be.greaterThan(15);
    for (const room of rooms()) {
      const file = `${room}/README.md`;
      expect(existsSync(join(root, file)), file).to.equal(true);
      expect(read(file).split("\n").length - 1, `lines of ${file}`).to.be.at.most(MOST_LINES);
    }
  });

  it("say of each dependency why it is there", () => {
    const parts = JSON.parse(read("package.json")) as Record<string, Record<string, string> | undefined>;
    const names = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((part) =>
      Object.keys(parts[part] ?? {}),
    );
    expect(names.length).to.be.greaterThan(20);
    const told = read("ARCHITECTURE.md");
    expect(names.filter((name) => !told.includes(`\`${name}\``))).to.deep.equal([]);
    const [, table = ""] = told.split("## Dependencies, one sentence each");
    const listed = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap((row) => (row[1] ?? "").split(", "));
    expect(listed.filter((name) => !names.includes(name.replaceAll("`", "")))).to.deep.equal([]);
  });

  it("link to what is there", () => {
    const broken = documents().flatMap((file) =>
      linksOf(read(file))
        .filter((target) => {
          const place = normalize(join(dirname(file), target.split("#")[0] ?? ""));
          return place.startsWith("..") || !existsSync(join(root, place));
        })
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).to.deep.equal([]);
  });

  it("name only files that are there", () => {
    const absent = documents().flatMap((file) =>
      [...read(file).matchAll(/`(\w[\w./-]*\.(?:tsx?|mjs|json|sol|sql|md))`/g)]
        .map(([, name = ""]) => name)
        // What a user has or makes, and what a running server writes, is not in the repository.
        .filter((name) => !MADE.has(name.split("/").at(-1) ?? ""))
        .filter((name) => placesOf(file, name).every((place) => !existsSync(join(root, place))))
        .map((name) => `${file}: ${name}`),
    );
    expect(absent).to.deep.equal([]);
  });

  it("name only error codes that the table has", () => {
    // A code has an underscore; what the environment, the lab, the schema or a file of rows calls so is not a code.
    const others = new Set([
      ...(read("server/config/settings.ts").match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []),
      ...["TWINWARD_URL", "TWINWARD_STEWARD_KEY", "UPDATE_GAS", "LONG_FUZZ", "NODE_EXTRA_CA_CERTS", "ATT_FLAG"],
    ]);
    const unknown = documents().flatMap((file) =>
      [...read(file).matchAll(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g)]
        .map(([word]) => word)
        .filter((word) => !(word in ERRORS) && !others.has(word))
        .map((word) => `${file}: ${word}`),
    );
    expect([...new Set(unknown)]).to.deep.equal([]);
  });
});
