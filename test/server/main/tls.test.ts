import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TwinwardError } from "../../../protocol/errors.ts";
import { nameOf } from "../../../server/main/front-doors.ts";
import { readBrokerTls, readServerTls } from "../../../server/main/tls.ts";
import { TestAuthority, type CertificateFiles } from "../../helpers/certificates.ts";

describe("certificates from files", () => {
  const directory = mkdtempSync(join(tmpdir(), "twinward-tls-"));
  let authority: TestAuthority;
  let good: CertificateFiles;
  let other: CertificateFiles;

  before(async () => {
    authority = await TestAuthority.open(directory);
    good = await authority.issue("good");
    other = await authority.issue("other");
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function file(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  async function refused(reading: Promise<unknown>): Promise<string> {
    const error: unknown = await reading.catch((cause: unknown) => cause);
    if (!(error instanceof TwinwardError)) throw new Error(`it was taken: ${String(error)}`);
    return `${error.code}: ${String(error.facts.detail)}`;
  }
  const server = (over: Partial<CertificateFiles> & { clientCa?: string } = {}, name = "localhost"): Promise<unknown> =>
    readServerTls({ ...good, clientCa: undefined, ...over }, name, Date.now());

  it("are taken when they are valid, belong together and name the server", async () => {
    expect(Object.keys((await server()) as object)).to.deep.equal(["cert", "key"]);
    expect(Object.keys((await server({ clientCa: authority.ca }, "127.0.0.1")) as object)).to.contain("ca");
  });

  it("are refused with the line to change", async () => {
    const gone = join(directory, "gone.pem");
    expect(await refused(server({ cert: gone }))).to.equal(`CERTIFICATE_UNUSABLE: TLS_CERT=${gone} cannot be read.`);
    expect(await refused(server({ key: gone }))).to.equal(`CERTIFICATE_UNUSABLE: TLS_KEY=${gone} is not there.`);
    const rubbish = file("rubbish.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect(await refused(server({ cert: rubbish }))).to.match(/TLS_CERT=.* is no certificate in PEM/);
    expect(await refused(server({ key: rubbish }))).to.match(
      /TLS_KEY=.* is no private key in PEM without a passphrase/,
    );
    expect(await refused(server({ key: other.key }))).to.match(/TLS_KEY=.* is not the key of TLS_CERT=/);
    expect(await refused(server({}, "twin.example"))).to.match(/TLS_CERT=.* and not for twin\.example/);
    expect(await refused(server({}, "127.0.0.2"))).to.match(/TLS_CERT=.* and not for 127\.0\.0\.2/);
    expect(await refused(server({ clientCa: good.cert }))).to.match(/TLS_CLIENT_CA=.* is no authority's/);
  });

  it("are refused before their time and after it", async () => {
    const hour = 3_600_000;
    const late = await authority.issue("late", { from: Date.now() - 2 * hour, until: Date.now() - hour });
    const early = await authority.issue("early", { from: Date.now() + hour });
    for (const files of [late, early])
      expect(await refused(server(files))).to.match(/^CERTIFICATE_UNUSABLE: TLS_CERT=.* is valid from .* until /);
  });

  it("are refused with a key that others may read", async () => {
    const open = await authority.issue("open");
    for (const mode of [0o644, 0o640, 0o604]) {
      chmodSync(open.key, mode);
      expect(await refused(server(open))).to.equal(
        `KEY_FILE_MODE: TLS_KEY=${open.key} has mode 0${mode.toString(8)}, not 0600.`,
      );
    }
    chmodSync(open.key, 0o400);
    await server(open);
  });

  it("are shown to a broker in the same way", async () => {
    const place = { url: "mqtts://localhost", cert: good.cert, key: good.key, ca: authority.ca };
    expect(Object.keys(await readBrokerTls(place, Date.now()))).to.deep.equal(["cert", "key", "ca"]);
    expect(await readBrokerTls({ url: place.url, cert: undefined, key: undefined, ca: undefined }, 0)).to.deep.equal(
      {},
    );
    expect(await refused(readBrokerTls({ ...place, key: other.key }, Date.now()))).to.match(/MQTT_KEY=.* MQTT_CERT=/);
    expect(await refused(readBrokerTls({ ...place, ca: good.cert }, Date.now()))).to.match(/MQTT_CA=.* no authority/);
  });

  it("name what others call the server", () => {
    expect(nameOf({ publicUrl: undefined, host: "127.0.0.1" })).to.equal("127.0.0.1");
    expect(nameOf({ publicUrl: "https://twin.example:8443", host: "0.0.0.0" })).to.equal("twin.example");
    expect(nameOf({ publicUrl: "https://[::1]:8443", host: "::" })).to.equal("::1");
  });
});
