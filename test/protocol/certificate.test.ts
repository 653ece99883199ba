import { expect } from "chai";
import fc from "fast-check";
import { createPrivateKey, randomBytes, X509Certificate, type KeyObject } from "node:crypto";
import { issueCertificate, toPem, type CertificateTerms, type Issuer } from "../../protocol/certificate.ts";
import { fromHex, toBase64url } from "../../protocol/bytes.ts";
import { es256Signer, newPrivateKey, publicKeyOf } from "../../protocol/es256.ts";

const authorityKey = newPrivateKey(randomBytes);
const authority: Issuer = {
  subject: "test devices",
  key: publicKeyOf(authorityKey),
  sign: es256Signer(authorityKey),
};
const NOON = Date.UTC(2026, 10, 21, 12);

function terms(over: Partial<CertificateTerms> = {}): CertificateTerms {
  return {
    serial: randomBytes(16),
    subject: `0x${"ab".repeat(32)}`,
    key: publicKeyOf(newPrivateKey(randomBytes)),
    from: NOON,
    until: NOON + 86_400_000,
    use: "client",
    ...over,
  };
}

async function issue(over: Partial<CertificateTerms> = {}): Promise<X509Certificate> {
  return new X509Certificate(await issueCertificate(terms(over), authority));
}

describe("certificate", () => {
  it("is read by OpenSSL as what it was made of", async () => {
    const names = ["URI:urn:twinward:device:x", "DNS:localhost", "IP:127.0.0.1"];
    const serial = Uint8Array.from([0, 0, 0xff, ...randomBytes(13)]);
    const made = await issue({ names, serial });
    expect(made.subject).to.equal(`CN=0x${"ab".repeat(32)}`);
    expect(made.issuer).to.equal("CN=test devices");
    expect(made.serialNumber).to.equal(Buffer.from(serial.subarray(2)).toString("hex").toUpperCase());
    expect(made.subjectAltName).to.equal("URI:urn:twinward:device:x, DNS:localhost, IP Address:127.0.0.1");
    expect([made.validFrom, made.validTo]).to.deep.equal(["Nov 21 12:00:00 2026 GMT", "Nov 22 12:00:00 2026 GMT"]);
    expect(made.keyUsage).to.deep.equal(["1.3.6.1.5.5.7.3.2"]);
    expect(made.ca).to.equal(false);
  });

  it("is valid under the authority's key and under no other", async () => {
    const root = new X509Certificate(
      await issueCertificate(terms({ subject: authority.subject, key: authority.key, use: "authority" }), authority),
    );
    expect(root.ca).to.equal(true);
    expect(root.verify(root.publicKey)).to.equal(true);
    const made = await issue();
    expect(made.checkIssued(root)).to.equal(true);
    expect(made.verify(root.publicKey)).to.equal(true);
    expect(made.verify(made.publicKey)).to.equal(false);
  });

  it("holds the very key, and matches its private one", async () => {
    const privateKey = newPrivateKey(randomBytes);
    const key = publicKeyOf(privateKey);
    const [x, y] = [toBase64url(fromHex(key.x)), toBase64url(fromHex(key.y))];
    const jwk = { kty: "EC", crv: "P-256", x, y, d: toBase64url(privateKey) };
    const object: KeyObject = createPrivateKey({ key: jwk, format: "jwk" });
    expect((await issue({ key })).checkPrivateKey(object)).to.equal(true);
    expect((await issue()).checkPrivateKey(object)).to.equal(false);
  });

  it("keeps every serial, signature and validity readable", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.integer({ min: 0, max: Date.UTC(2120, 0) / 1000 }),
        async (serial, seconds) => {
          const made = await issue({ serial, from: seconds * 1000 });
          const digits = Buffer.from(serial)
            .toString("hex")
            .toUpperCase()
            .replace(/^(00)+/, "");
          expect(made.serialNumber.replace(/^(00)+/, "")).to.equal(digits);
          expect(Date.parse(made.validFrom)).to.equal(seconds * 1000);
        },
      ),
      { seed: 11, numRuns: 100 },
    );
  });

  it("refuses a name that it could not write", async () => {
    for (const name of ["DNS:", "IP:::1", "IP:1.2.3", "IP:1.2.3.256", "email:x@y", "DNS:a b"]) {
      const error: unknown = await issue({ names: [name] }).catch((cause: unknown) => cause);
      expect(error, name).to.be.instanceOf(RangeError);
    }
  });

  it("is told as PEM", async () => {
    const der = await issueCertificate(terms(), authority);
    const pem = toPem("CERTIFICATE", der);
    expect(new X509Certificate(pem).raw.equals(der)).to.equal(true);
    expect(new X509Certificate(pem).toString()).to.equal(pem);
  });
});
