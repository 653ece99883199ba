// Runs after `npm ci`, under the pinned Node that npm's scripts find first on PATH.
//
// npm itself may still be running under an older Node (20). It then skips optional packages whose `engines` ask for
// 22, among them the native part of Hardhat's simulator. Asking once more under the pinned Node fetches exactly the
// packages that the lock names; the guard variable keeps this from recursing.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(join(root, "package.json"));
const guard = "TWINWARD_POSTINSTALL";

/** Whether a package can be loaded here; development packages are absent after `npm ci --omit=dev`, which is fine. */
function loads(name, from = require) {
  try {
    from(name);
    return true;
  } catch (error) {
    return error.code === "MODULE_NOT_FOUND" && String(error.message).includes(`'${name}'`);
  }
}

function completeOptionalPackages() {
  if (process.env[guard] || process.env.npm_config_omit?.includes("dev")) return;
  let edr;
  try {
    edr = loads("@nomicfoundation/edr", createRequire(require.resolve("hardhat/package.json")));
  } catch {
    return; // Hardhat is not installed: nothing to complete.
  }
  if (edr) return;
  const npm = process.env.npm_execpath;
  if (npm === undefined) return;
  console.log("twinward: fetching the native packages that the older Node skipped …");
  execFileSync(process.execPath, [npm, "ci", "--ignore-scripts"], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, [guard]: "1" },
  });
}

/** `npx twinward` in the repository must find our own command without a publish. */
function linkCommand() {
  const target = join(root, "apps/cli/twinward.mjs");
  const bin = join(root, "node_modules/.bin");
  if (!existsSync(target) || process.platform === "win32") return;
  mkdirSync(bin, { recursive: true });
  const link = join(bin, "twinward");
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync("../../apps/cli/twinward.mjs", link);
  chmodSync(target, 0o755);
}

/** The chain's program comes inside its platform package; npm does not always keep the executable bit. */
function allowAnvil() {
  const scope = join(root, "node_modules/@foundry-rs");
  if (!existsSync(scope) || process.platform === "win32") return;
  for (const name of readdirSync(scope)) {
    const program = join(scope, name, "bin/anvil");
    if (existsSync(program)) chmodSync(program, 0o755);
  }
}

async function buildConsole() {
  if (!existsSync(join(root, "apps/console/vite.config.ts"))) return;
  const { build } = await import("vite");
  await build({ configFile: join(root, "apps/console/vite.config.ts"), logLevel: "warn" });
}

/** A database with its tables takes seconds to make: made here once, no start waits for it. */
async function makeDatabaseTemplate() {
  if (!existsSync(join(root, "server/store/template.ts"))) return;
  const { migrations } = await import("../server/store/migrate.ts");
  const { template } = await import("../server/store/template.ts");
  await template(migrations());
}

// The first `npx twinward` in a clone links it into npm's cache and runs this again; everything is there already, and
// a running server must not have its console rebuilt under it.
if (process.env.npm_command !== "exec") {
  completeOptionalPackages();
  linkCommand();
  allowAnvil();
  await buildConsole();
  await makeDatabaseTemplate();
}
