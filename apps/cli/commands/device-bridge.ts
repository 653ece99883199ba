import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { fromBase64url, fromHex, toBase64url, toHex, type Hex } from "../../../protocol/bytes.ts";
import { parseConsortium } from "../../../protocol/consortium.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { newPrivateKey, publicKeyOf, type PublicKey } from "../../../protocol/es256.ts";
import { deviceId } from "../../../protocol/ids.ts";
import { openDeviceAuthority, type DeviceAuthority } from "../../../server/main/device-authority.ts";
import { BROKER_RULES, GATEWAY_NAME, mosquittoSettings } from "../broker-files.ts";
import { deviceKey, readDeviceFile } from "../device-file.ts";
import { fresh, readPrivateFile, writePrivateFile } from "../key-file.ts";
import { dataOption, readText, takeCount } from "../options.ts";
import { printJson } from "../print.ts";

interface Options {
  readonly broker?: string;
  readonly name: string;
  readonly port: number;
  readonly out: string;
  readonly days: number;
  readonly data: string;
  readonly json?: boolean;
}

export function addBridge(device: Command): void {
  device
    .command("bridge [file]")
    .description("issue a TLS certificate to a device, for an MQTT broker other than the embedded one")
    .option("--out <directory>", "where the device's certificate is written", ".")
    .option("--broker <directory>", "instead: write what such a broker and the gateway need")
    .option("--name <host>", "with --broker: the name that the broker is reached by", "localhost")
    .option("--port <port>", "with --broker: the port that it listens on", takeCount, 8883)
    .option("--days <days>", "how long what is issued is valid", takeCount, 365)
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
FILE is a registered device's file, or its P-256 public key in PEM, where the private one never leaves the device. The
certificate's subject is the device's id, which is the hash of that key. It signs in to a broker that asks for certificates;
for the embedded broker it is asked for only where TLS_CLIENT_CA is set. docs/brokers.md has it step by step.`,
    )
    .action(async (file: string | undefined, options: Options) => {
      if ((file === undefined) === (options.broker === undefined))
        throw new TwinwardError("UNUSABLE_INPUT", { detail: "Name a device's file, or --broker DIRECTORY." });
      const authority = await openDeviceAuthority(resolve(options.data), Date.now);
      const written =
        file === undefined ? await forBroker(authority, options) : await forDevice(authority, file, options);
      if (options.json) printJson(written);
      else for (const [what, path] of Object.entries(written)) console.log(`${what.padEnd(12)}  ${path}`);
    });
}

/** A device's certificate, and its private key where this machine has it. */
async function forDevice(authority: DeviceAuthority, file: string, options: Options): Promise<Record<string, string>> {
  const { device, key, secret } = readIdentity(file, options.data);
  const names = [`URI:urn:twinward:device:${device}`];
  const certificate = await authority.issue({ name: device, key, days: options.days, names });
  mkdirSync(options.out, { recursive: true, mode: 0o700 });
  const at = (end: string): string => join(options.out, `${device}${end}`);
  if (secret && !existsSync(at(".key.pem"))) writePrivateFile(at(".key.pem"), keyPem(secret));
  writeFileSync(at(".pem"), certificate);
  return { device, certificate: at(".pem"), ...(secret ? { key: at(".key.pem") } : {}) };
}

/** Everything but the broker itself. */
async function forBroker(authority: DeviceAuthority, options: Options): Promise<Record<string, string>> {
  const directory = resolve(options.broker ?? "");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(directory, name);
  for (const [stem, name] of [
    ["gateway", GATEWAY_NAME],
    ["server", options.name],
  ] as const) {
    const secret = ownKey(at(`${stem}.key.pem`));
    const use = stem === "server" ? ("server" as const) : ("client" as const);
    const names = use === "server" ? [`${/^[\d.]+$/.test(name) ? "IP" : "DNS"}:${name}`] : [];
    writeFileSync(
      at(`${stem}.pem`),
      await authority.issue({ name, key: publicKeyOf(secret), days: options.days, use, names }),
    );
  }
  writeFileSync(at("ca.pem"), authority.certificate);
  writeFileSync(at("acl"), BROKER_RULES, { mode: 0o600 });
  writeFileSync(at("mosquitto.conf"), mosquittoSettings(directory, options.port));
  return {
    MQTT_URL: `mqtts://${options.name}:${options.port}`,
    MQTT_CERT: at("gateway.pem"),
    MQTT_KEY: at("gateway.key.pem"),
    MQTT_CA: at("ca.pem"),
    broker: at("mosquitto.conf"),
  };
}

interface Identity {
  readonly device: Hex;
  readonly key: PublicKey;
  readonly secret: Uint8Array | undefined;
}

/** Whose key it is follows from the key itself: nobody gets a certificate in another device's name. */
function readIdentity(file: string, data: string): Identity {
  const text = readText(file);
  const ids = (key: PublicKey): Hex => {
    const trust = join(data, "consortium.json");
    if (!existsSync(trust)) throw unusable(`${data} holds no consortium.json: which consortium's device is it?`);
    const { chainId, contracts } = parseConsortium(readFileSync(trust, "utf8"));
    return deviceId(chainId, contracts.DeviceRegistry, key);
  };
  if (text.includes("-----BEGIN PUBLIC KEY-----")) {
    const key = readPublicKey(file, text);
    return { device: ids(key), key, secret: undefined };
  }
  const known = readDeviceFile(file);
  const secret = deviceKey(known);
  const key = publicKeyOf(secret);
  if (known.device === undefined)
    throw unusable(`${file} is not registered. First: npx twinward device register ${file}`);
  if (known.device !== ids(key)) throw unusable(`${file} names ${known.device}, whose key 1 is another one.`);
  return { device: known.device, key, secret };
}

function readPublicKey(file: string, text: string): PublicKey {
  let object: KeyObject;
  try {
    object = createPublicKey(text);
  } catch (cause) {
    throw unusable(`${file} is no public key in PEM.`, cause);
  }
  const { crv, x = "", y = "" } = object.export({ format: "jwk" });
  if (crv !== "P-256") throw unusable(`${file} is no P-256 key.`);
  return { x: toHex(fromBase64url(x, 32)), y: toHex(fromBase64url(y, 32)) };
}

/** PKCS #8, as TLS programs read it. */
function keyPem(secret: Uint8Array): string {
  const { x, y } = publicKeyOf(secret);
  const jwk = { kty: "EC", crv: "P-256", x: toBase64url(fromHex(x)), y: toBase64url(fromHex(y)) };
  const object = createPrivateKey({ key: { ...jwk, d: toBase64url(secret) }, format: "jwk" });
  return object.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The key in this file, made where there is none: a certificate is renewed, its key stays. */
function ownKey(file: string): Uint8Array {
  if (!existsSync(file)) {
    const made = newPrivateKey(fresh);
    writePrivateFile(file, keyPem(made));
    return made;
  }
  const { crv, d = "" } = createPrivateKey(readPrivateFile(file)).export({ format: "jwk" });
  if (crv !== "P-256") throw unusable(`${file} is no P-256 key.`);
  return fromBase64url(d, 32);
}

function unusable(detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("UNUSABLE_INPUT", { detail }, cause);
}
