// An authority of a test, and what it issues, as files.
import { createPrivateKey, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, toBase64url } from "../../protocol/bytes.ts";
import { issueCertificate, toPem, type CertificateTerms, type Issuer } from "../../protocol/certificate.ts";
import { es256Signer, newPrivateKey, publicKeyOf } from "../../protocol/es256.ts";

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** PKCS #8 of a P-256 key, in PEM. */
export function keyPem(privateKey: Uint8Array): string {
  const { x, y } = publicKeyOf(privateKey);
  const jwk = { kty: "EC", crv: "P-256", x: toBase64url(fromHex(x)), y: toBase64url(fromHex(y)) };
  const object = createPrivateKey({ key: { ...jwk, d: toBase64url(privateKey) }, format: "jwk" });
  return object.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Issues certificates into one directory. */
export class TestAuthority {
  readonly directory: string;
  readonly ca: string;
  readonly #issuer: Issuer;

  private constructor(directory: string, ca: string, issuer: Issuer) {
    this.directory = directory;
    this.ca = ca;
    this.#issuer = issuer;
  }

  static async open(directory: string, name = "authority"): Promise<TestAuthority> {
    const privateKey = newPrivateKey(randomBytes);
    const issuer = { subject: `test ${name}`, key: publicKeyOf(privateKey), sign: es256Signer(privateKey) };
    const authority = new TestAuthority(directory, join(directory, `${name}.pem`), issuer);
    await authority.#write(authority.ca, { ...issuer, use: "authority" });
    return authority;
  }

  /** A certificate of `server` use for this machine's loopback names, unless `over` says otherwise. */
  async issue(
    name: string,
    over: Partial<CertificateTerms> = {},
    privateKey = newPrivateKey(randomBytes),
  ): Promise<CertificateFiles> {
    const files = { cert: join(this.directory, `${name}.pem`), key: join(this.directory, `${name}.key.pem`) };
    const names = ["DNS:localhost", "IP:127.0.0.1"];
    await this.#write(files.cert, { subject: name, key: publicKeyOf(privateKey), use: "server", names, ...over });
    writeFileSync(files.key, keyPem(privateKey), { mode: 0o600 });
    return files;
  }

  async #write(
    file: string,
    terms: Pick<CertificateTerms, "subject" | "key" | "use"> & Partial<CertificateTerms>,
  ): Promise<void> {
    const now = Date.now();
    const validity = { serial: randomBytes(16), from: now - 60_000, until: now + 86_400_000 };
    writeFileSync(file, toPem("CERTIFICATE", await issueCertificate({ ...validity, ...terms }, this.#issuer)));
  }
}
