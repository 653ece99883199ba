import { Command, Option } from "commander";
import { fillStewardKey } from "./options.ts";

type AddCommand = (program: Command) => void;

/** The commands in the order in which help lists them. Each is loaded when it is asked for: most of a short run is loading code. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  up: async () => (await import("./commands/up.ts")).addUpCommand,
  demo: async () => (await import("./commands/demo.ts")).addDemoCommand,
  gateway: async () => (await import("./commands/gateway.ts")).addGatewayCommand,
  device: async () => (await import("./commands/device.ts")).addDeviceCommand,
  assignment: async () => (await import("./commands/assignment.ts")).addAssignmentCommand,
  key: async () => (await import("./commands/key.ts")).addKeyCommand,
  twin: async () => (await import("./commands/twin.ts")).addTwinCommand,
  grant: async () => (await import("./commands/grant.ts")).addGrantCommand,
  consent: async () => (await import("./commands/consent.ts")).addConsentCommand,
  member: async () => (await import("./commands/member.ts")).addMemberCommand,
  request: async () => (await import("./commands/request.ts")).addRequestCommand,
  "break-glass": async () => (await import("./commands/break-glass.ts")).addBreakGlassCommand,
  operator: async () => (await import("./commands/operator.ts")).addOperatorCommand,
  verify: async () => (await import("./commands/verify.ts")).addVerifyCommand,
  anchors: async () => (await import("./commands/anchors.ts")).addAnchorsCommand,
  audit: async () => (await import("./commands/audit.ts")).addAuditCommand,
  detect: async () => (await import("./commands/detect.ts")).addDetectCommand,
  bench: async () => (await import("./commands/bench.ts")).addBenchCommand,
  backup: async () => (await import("./commands/backup.ts")).addBackupCommand,
  restore: async () => (await import("./commands/backup.ts")).addRestoreCommand,
  erase: async () => (await import("./commands/erase.ts")).addEraseCommand,
};

/** The command line; reading its words is the caller's. With the `first` of them it has that command alone, else all. */
export async function makeProgram(first = ""): Promise<Command> {
  const program = new Command("twinward")
    .description(
      "Guards the digital twins of connected devices: signed readings, anchored digests, scoped twins, verdicts by quorum.",
    )
    .version("0.1.0")
    .showHelpAfterError("(twinward --help lists the commands, twinward COMMAND --help explains one)")
    .addHelpText(
      "after",
      `
First steps:
  $ npx twinward demo                        the three roads once, in half a minute
  $ npx twinward up --demo                   a ward of eight simulated monitors, console on http://127.0.0.1:8080
  $ npx twinward audit                       re-derive everything stored against the chain
`,
    )
    .hook("preAction", (_, command) => fillStewardKey(command))
    .exitOverride();

  const asked = Object.hasOwn(COMMANDS, first) ? [COMMANDS[first]] : Object.values(COMMANDS);
  for (const load of asked) (await load?.())?.(program);
  takeJson(program);
  return program;
}

/** Every command takes `--json`. */
function takeJson(command: Command): void {
  for (const child of command.commands) {
    takeJson(child);
    if (child.commands.length === 0) child.addOption(new Option("--json", "print JSON for machines instead of text"));
  }
}
