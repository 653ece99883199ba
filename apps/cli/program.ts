import { Command, Option } from "commander";
import { addAnchorsCommand } from "./commands/anchors.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addBenchCommand } from "./commands/bench.ts";
import { addBreakGlassCommand } from "./commands/break-glass.ts";
import { addConsentCommand } from "./commands/consent.ts";
import { addDemoCommand } from "./commands/demo.ts";
import { addDetectCommand } from "./commands/detect.ts";
import { addDeviceCommand } from "./commands/device.ts";
import { addEraseCommand } from "./commands/erase.ts";
import { addGatewayCommand } from "./commands/gateway.ts";
import { addGrantCommand } from "./commands/grant.ts";
import { addKeyCommand } from "./commands/key.ts";
import { addMemberCommand } from "./commands/member.ts";
import { addOperatorCommand } from "./commands/operator.ts";
import { addRequestCommand } from "./commands/request.ts";
import { addTwinCommand } from "./commands/twin.ts";
import { addUpCommand } from "./commands/up.ts";
import { addVerifyCommand } from "./commands/verify.ts";
import { fillStewardKey } from "./options.ts";

/** All commands, as the command line takes them; reading its words is the caller's. */
export function makeProgram(): Command {
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

  addUpCommand(program);
  addDemoCommand(program);
  addGatewayCommand(program);
  addDeviceCommand(program);
  addKeyCommand(program);
  addTwinCommand(program);
  addGrantCommand(program);
  addConsentCommand(program);
  addMemberCommand(program);
  addRequestCommand(program);
  addBreakGlassCommand(program);
  addOperatorCommand(program);
  addVerifyCommand(program);
  addAnchorsCommand(program);
  addAuditCommand(program);
  addDetectCommand(program);
  addBenchCommand(program);
  addBackupCommands(program);
  addEraseCommand(program);
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
