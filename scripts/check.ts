// `npm run check`: every law of the repository, each as a program. Prints a line per law; exit 1 if one is broken.
import { spawnSync } from "node:child_process";
import { forbiddenImports, ownSources, root } from "./checks/imports.ts";
import { forbiddenWords } from "./checks/words.ts";

type Law = { name: string; broken: () => string };

function runs(command: string, ...args: string[]): () => string {
  return () => {
    const done = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
    return done.status === 0 ? "" : `${done.stdout}${done.stderr}${done.error?.message ?? ""}`;
  };
}

const laws: Law[] = [
  { name: "import arrows", broken: () => forbiddenImports(ownSources()).join("\n") },
  { name: "words", broken: () => forbiddenWords().join("\n") },
  { name: "types", broken: runs("tsc", "--noEmit", "-p", ".") },
  { name: "format", broken: runs("prettier", "--check", "--log-level", "warn", ".") },
  { name: "lint (TypeScript)", broken: runs("eslint", "--max-warnings", "0", ".") },
  { name: "lint (Solidity)", broken: runs("solhint", "--max-warnings", "0", "--noPoster", "contracts/**/*.sol") },
  { name: "generated files are fresh", broken: runs("node", "scripts/generate.ts", "--check") },
];

let failed = 0;
for (const law of laws) {
  const started = performance.now();
  const complaint = law.broken().trim();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${complaint === "" ? "✔" : "✖"} ${law.name} (${seconds} s)`);
  if (complaint !== "") {
    failed += 1;
    console.log(complaint.split("\n").slice(0, 60).join("\n"));
  }
}
process.exitCode = failed === 0 ? 0 : 1;
