import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { utf8 } from "../../protocol/bytes.ts";
import { issueCertificate, toPem, type CertificateTerms, type Issuer } from "../../protocol/certificate.ts";
import { es256Signer, publicKeyOf, type PublicKey } from "../../protocol/es256.ts";
import { loadOrCreateKey } from "../keys/signing-keys.ts";
import { writeDurably } from "../store/write-durably.ts";
import { layoutOf } from "./data-directory.ts";

/** Its own certificate lives as long as its key; what it issues lives as long as it is told. */
const OWN_LIFE_MS = 20 * 365 * 86_400_000;
/** Clocks differ: a certificate counts from a little before it was made. */
const EARLIER_MS = 5 * 60_000;

/** Issues TLS certificates to devices, to the gateway, and to brokers that let clients in by nothing else. */
export interface DeviceAuthority {
  /** Its own certificate, PEM: whom a broker must believe. */
  readonly certificate: string;
  /** A certificate, PEM, with `name` as its common name; a client's unless `use` says otherwise. */
  issue(subject: {
    readonly name: string;
    readonly key: PublicKey;
    readonly days: number;
    readonly use?: "client" | "server";
    /** As in `CertificateTerms`. */
    readonly names?: readonly string[];
  }): Promise<string>;
}

/**
 * The authority of a data directory: its key in DATA/keys/device-ca.key, made at its first use, its certificate beside the
 * directory's other files. A lost certificate is made anew from the key, and what was issued stays valid.
 */
export async function openDeviceAuthority(root: string, now: () => number): Promise<DeviceAuthority> {
  const data = layoutOf(root);
  const privateKey = await loadOrCreateKey(data.key("device-ca"), "p256", { development: false });
  const key = publicKeyOf(privateKey);
  const issuer: Issuer = { subject: "Twinward devices", key, sign: es256Signer(privateKey) };
  const make = async (terms: Omit<CertificateTerms, "serial" | "from" | "until">, lifeMs: number): Promise<string> => {
    const from = now() - EARLIER_MS;
    const whole = { serial: randomBytes(16), from, until: from + lifeMs, ...terms };
    return toPem("CERTIFICATE", await issueCertificate(whole, issuer));
  };
  if (!existsSync(data.deviceAuthority)) {
    const own = await make({ subject: issuer.subject, key, use: "authority" }, OWN_LIFE_MS);
    await writeDurably(data.deviceAuthority, utf8(own));
  }
  return {
    certificate: readFileSync(data.deviceAuthority, "utf8"),
    issue: ({ name, key: itsKey, days, use = "client", names = [] }) =>
      make({ subject: name, key: itsKey, use, names }, days * 86_400_000),
  };
}
