import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { findOrInstall, type Found } from "./debian-package.ts";

const PROGRAM = "/usr/sbin/mosquitto";
/** Debian's package starts a broker on port 1883; tests start their own, so nothing shall run for them. */
const UNITS = "/etc/systemd/system";

/** Finds the program `mosquitto`, or installs Debian's. `MOSQUITTO` names another one. */
export function installMosquitto(say?: (line: string) => void): Found {
  const prepare = (): void => {
    const unit = `${UNITS}/mosquitto.service`;
    mkdirSync(UNITS, { recursive: true });
    if (!existsSync(unit)) symlinkSync("/dev/null", unit);
  };
  return findOrInstall({ package: "mosquitto", variable: "MOSQUITTO", find, prepare }, say);
}

function find(): string | undefined {
  const program = process.env.MOSQUITTO ?? PROGRAM;
  return existsSync(program) ? program : undefined;
}

// Run as a program (`node scripts/install-mosquitto.ts`): say what there is.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const mosquitto = installMosquitto(console.log);
  console.log("path" in mosquitto ? `mosquitto: ${mosquitto.path}` : `no mosquitto: ${mosquitto.absent}`);
  if ("absent" in mosquitto) process.exitCode = 1;
}
