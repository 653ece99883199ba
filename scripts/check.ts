// `npm run check`: every law of the repository, each as a program. Prints a line per law; exit 1 if one is broken.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { forbiddenImports, ownSources, root } from "./checks/imports.ts";
import { forbiddenWords } from "./checks/words.ts";

type Law = { name: string; broken: () => Promise<string> };

/** What a program says that ends with another code than 0. */
function runs(command: string, ...args: string[]): () => Promise<string> {
  return () =>
    new Promise((resolve) => {
      const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => void (said += text));
      child.on("error", (error) => resolve(error.message));
      child.on("close", (code) => resolve(code === 0 ? "" : said || `${command} ended with ${code}`));
    });
}

/** As many at once as there are cores, so the longest begins first. */
const laws: Law[] = [
  { name: "import arrows", broken: async () => forbiddenImports(ownSources()).join("\n") },
  { name: "words", broken: async () => forbiddenWords().join("\n") },
  { name: "generated files are fresh", broken: runs("node", "scripts/generate.ts", "--check") },
  { name: "the README's tour, as printed", broken: runs("node", "scripts/checks/tour.ts") },
  { name: "types", broken: runs("tsc", "--noEmit", "-p", ".") },
  { name: "format", broken: runs("prettier", "--check", "--log-level", "warn", ".") },
  { name: "lint (TypeScript)", broken: runs("eslint", "--max-warnings", "0", ".") },
  { name: "lint (Solidity)", broken: runs("solhint", "--max-warnings", "0", "--noPoster", "contracts/**/*.sol") },
];

let failed = 0;
const waiting = laws.values();
async function hold(): Promise<void> {
  for (const law of waiting) {
    const started = performance.now();
    const complaint = (await law.broken()).trim();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${complaint === "" ? "✔" : "✖"} ${law.name} (${seconds} s)`);
    if (complaint === "") continue;
    failed += 1;
    console.log(complaint.split("\n").slice(0, 60).join("\n"));
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, hold));
process.exitCode = failed === 0 ? 0 : 1;
