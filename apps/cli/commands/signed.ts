import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { SignedAct } from "../../../protocol/signed-acts.ts";
import {
  dataOption,
  stewardOption,
  takeAddress,
  takeCount,
  takeId,
  takeNames,
  takePurposes,
  takeTime,
  urlOption,
} from "../options.ts";
import { printJson } from "../print.ts";
import { openClient } from "../server.ts";
import {
  grantOf,
  readActFile,
  relayByNode,
  signConsent,
  signGrant,
  type ConsentSigning,
  type GrantSigning,
} from "../signed-grant.ts";

type Written = { readonly out: string; readonly json?: boolean };
const DAY_MS = 86_400_000;

/** `grant sign`: a steward's word, on paper as it were. docs/formats/signed-acts.md */
export function addSignGrant(grant: Command): void {
  grant
    .command("sign")
    .description("sign a grant that anybody may send, and pay for: a file, and no transaction")
    .requiredOption("--twin <id>", "the twin", takeId)
    .requiredOption("--reader <address>", "who may read", takeAddress)
    .requiredOption("--purposes <names>", "care, emergency, research, maintenance, audit", takePurposes)
    .requiredOption("--until <time>", "when the grant ends, for example +12h", takeTime)
    .option("--from <time>", "when it begins; now without", takeTime)
    .option("--segments <names>", "fewer segments than the twin shows", takeNames)
    .option("--depth <number>", "how often the reader may pass it on, 0 to 3; not at all without", takeCount)
    .option("--deadline <time>", "until when it may be sent", takeTime, Date.now() + DAY_MS)
    .option("--trust <file>", "the consortium@1, to sign without a server; then with --epoch and --bits")
    .option("--epoch <number>", "the twin's, as its description says", takeCount)
    .option("--bits <number>", "the bitmap of the segments, decimal")
    .requiredOption("--out <file>", "where to write grant@1")
    .addOption(dataOption())
    .addOption(stewardOption())
    .addOption(urlOption())
    .action(async ({ out, json, ...plan }: GrantSigning & Written) =>
      writeAct(await signGrant(plan), { out, json: json === true }),
    );
}

export function addSignConsent(consent: Command): void {
  consent
    .command("sign")
    .description("sign a consent, or with no purposes its withdrawal, that anybody may send")
    .argument("<twin>", "the twin", takeId)
    .requiredOption("--reader <address>", "whom it is about", takeAddress)
    .option("--purposes <names>", "all that is agreed to; nothing without", takePurposes, [])
    .requiredOption("--key <file>", "the subject's key, or its guardian's")
    .option("--deadline <time>", "until when it may be sent", takeTime, Date.now() + DAY_MS)
    .option("--trust <file>", "the consortium@1, to sign without a server; then with --nonce")
    .option("--nonce <number>", "how often this consent was set before", takeCount)
    .requiredOption("--out <file>", "where to write consent@1")
    .addOption(urlOption())
    .action(async (twin: ConsentSigning["twin"], { out, json, ...plan }: Omit<ConsentSigning, "twin"> & Written) =>
      writeAct(await signConsent({ ...plan, twin }), { out, json: json === true }),
    );
}

function writeAct(act: SignedAct, { out, json }: { readonly out: string; readonly json: boolean }): void {
  try {
    writeFileSync(out, `${JSON.stringify(act, null, 2)}\n`, { flag: "wx" });
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${out} cannot be created; it may exist already.` }, cause);
  }
  const grant = grantOf(act);
  if (json) printJson({ file: out, grant, signer: act.signer });
  else console.log(grant === null ? out : `${out}: grant ${grant}, when it is sent`);
}

interface RelayOptions {
  readonly key: string;
  readonly url: string;
  readonly rpc?: string;
  readonly trust?: string;
  readonly json?: boolean;
}

/** The same under `grant` and `consent`: who brings it need not be who signed it. */
export function addRelay(under: Command): void {
  under
    .command("relay")
    .description("send what somebody else signed: by a server that pays, or by --rpc with an account that pays")
    .argument("<file>", "grant@1, revocation@1 or consent@1")
    .requiredOption("--key <file>", "who brings it: signs in, or pays")
    .option("--rpc <url>", "JSON-RPC of a node: sent straight to it, with --trust")
    .option("--trust <file>", "the consortium@1 whose contracts are meant")
    .addOption(urlOption())
    .action(async (file: string, { key, url, rpc, trust, json }: RelayOptions) => {
      const act = readActFile(file);
      if ((rpc === undefined) !== (trust === undefined))
        throw new TwinwardError("UNUSABLE_INPUT", { detail: "--rpc and --trust belong together." });
      const transaction =
        rpc !== undefined && trust !== undefined
          ? await relayByNode(act, { rpc, trust }, key)
          : (await openClient(url, key).relay(act)).transaction;
      const grant = grantOf(act);
      if (json) printJson({ grant, transaction });
      else console.log(`${grant ?? "the consent"} is on the chain${transaction === null ? " already" : ""}`);
    });
}
