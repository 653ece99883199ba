import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { TwinwardError } from "../../protocol/errors.ts";
import type { BrokerPlace, TlsFiles } from "../config/config.ts";
import { readSecret } from "../keys/files.ts";

/** What one end of TLS shows and believes, as `node:tls` takes it; PEM. */
export interface TlsSide {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** A file with the setting that names it: what is refused must name the line to change. */
interface Named {
  readonly setting: string;
  readonly file: string;
}

/**
 * What our own doors show: a certificate that is valid now and for `name`, by which others call us, and its key. Throws
 * CERTIFICATE_UNUSABLE or KEY_FILE_MODE, naming the setting.
 */
export async function readServerTls(files: TlsFiles, name: string, nowMs: number): Promise<TlsSide> {
  const cert = { setting: "TLS_CERT", file: files.cert };
  const side = await readPair(cert, { setting: "TLS_KEY", file: files.key }, nowMs);
  const certificate = new X509Certificate(side.cert);
  const isNamed = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  if (isNamed === undefined)
    throw unusable(cert, `is for ${certificate.subjectAltName ?? "no name"} and not for ${name}: PUBLIC_URL names us.`);
  if (files.clientCa === undefined) return side;
  return { ...side, ca: await readAuthority({ setting: "TLS_CLIENT_CA", file: files.clientCa }) };
}

/** What we show a broker, and whom we believe to be it. Throws as `readServerTls`. */
export async function readBrokerTls({ cert, key, ca }: BrokerPlace, nowMs: number): Promise<TlsSide> {
  const pair =
    cert === undefined || key === undefined
      ? {}
      : await readPair({ setting: "MQTT_CERT", file: cert }, { setting: "MQTT_KEY", file: key }, nowMs);
  return ca === undefined ? pair : { ...pair, ca: await readAuthority({ setting: "MQTT_CA", file: ca }) };
}

async function readPair(cert: Named, key: Named, nowMs: number): Promise<{ cert: string; key: string }> {
  const shown = await readNamed(cert);
  const certificate = parse(cert, shown);
  const [from, until] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (nowMs < from || nowMs > until)
    throw unusable(cert, `is valid from ${new Date(from).toISOString()} until ${new Date(until).toISOString()}.`);
  const secret = await readKey(key);
  if (!certificate.checkPrivateKey(toKey(key, secret)))
    throw unusable(key, `is not the key of ${cert.setting}=${cert.file}.`);
  return { cert: shown, key: secret };
}

async function readKey(key: Named): Promise<string> {
  try {
    const secret = await readSecret(key.file);
    if (secret !== undefined) return secret;
  } catch (cause) {
    if (!(cause instanceof TwinwardError)) throw unusable(key, "cannot be read.", cause);
    const { file, mode } = cause.facts;
    throw new TwinwardError(
      cause.code,
      { file, mode, detail: `${line(key)} has mode ${String(mode)}, not 0600.` },
      cause,
    );
  }
  throw unusable(key, "is not there.");
}

function toKey(key: Named, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw unusable(key, "is no private key in PEM without a passphrase.", cause);
  }
}

async function readAuthority(authority: Named): Promise<string> {
  const pem = await readNamed(authority);
  if (!parse(authority, pem).ca) throw unusable(authority, "is no authority's certificate.");
  return pem;
}

async function readNamed(named: Named): Promise<string> {
  try {
    return await readFile(named.file, "utf8");
  } catch (cause) {
    throw unusable(named, "cannot be read.", cause);
  }
}

/** The first certificate of the file: ours, or an authority's; those after it are the way up to a root. */
function parse(named: Named, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw unusable(named, "is no certificate in PEM.", cause);
  }
}

const line = ({ setting, file }: Named): string => `${setting}=${file}`;

function unusable(named: Named, problem: string, cause?: unknown): TwinwardError {
  const { setting, file } = named;
  return new TwinwardError("CERTIFICATE_UNUSABLE", { setting, file, detail: `${line(named)} ${problem}` }, cause);
}
