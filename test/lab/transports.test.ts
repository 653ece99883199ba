import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { Aedes } from "aedes";
import { expect } from "chai";
import { connectHttp } from "../../lab/transports/http.ts";
import { connectMqtt } from "../../lab/transports/mqtt.ts";
import { NoAnswer, type Answer } from "../../lab/transport.ts";
import { createRandom } from "../../ml/random.ts";
import { fromBase64url, utf8, type Hex } from "../../protocol/bytes.ts";
import { newPrivateKey, publicKeyOf, signEs256, verifyEs256 } from "../../protocol/es256.ts";

const random = createRandom("transports");
const key = newPrivateKey((size) => random.bytes(size));
const device: Hex = `0x${"ab".repeat(32)}`;
const registry: Hex = `0x${"cd".repeat(20)}`;
const now = 1_790_000_000_000;
const reading = (seq: number) => `e30.${Buffer.from(JSON.stringify({ seq })).toString("base64url")}.sig~`;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describe("transports", () => {
  it("HTTP: hands back the answer about the reading, and says when there was none", async () => {
    let status = 200;
    const server = createHttpServer((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify({ results: [{ held: true, expected: 3 }] }));
      });
    });
    const transport = connectHttp(`http://127.0.0.1:${await listen(server)}`);
    try {
      expect(await transport.send(reading(4))).to.deep.equal({ held: true, expected: 3 });
      status = 503;
      const error = await transport.send(reading(4)).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(NoAnswer);
    } finally {
      await transport.close();
      server.closeAllConnections();
      server.close();
    }
  });

  it("MQTT: signs in with a token of the device's key, uses only its own topics, pairs answers by sequence", async () => {
    const broker = await Aedes.createBroker();
    const server = createServer((socket) => broker.handle(socket));
    let password = "";
    let user = "";
    const topics: string[] = [];
    broker.authenticate = (_client, name, secret, done) => {
      user = String(name);
      password = secret?.toString() ?? "";
      done(null, true);
    };
    broker.on("publish", (packet, client) => {
      if (!client) return;
      topics.push(packet.topic);
      const { seq } = JSON.parse(Buffer.from(packet.payload.toString().split(".")[1]!, "base64url").toString()) as {
        seq: number;
      };
      // First the late ack of an earlier reading, then this one's.
      for (const sequence of [seq - 1, seq])
        broker.publish(
          {
            cmd: "publish",
            qos: 1,
            dup: false,
            retain: false,
            topic: `twinward/v1/devices/${device}/acks`,
            payload: Buffer.from(JSON.stringify({ format: "ack@1", sequence })),
          },
          () => undefined,
        );
    });
    const transport = await connectMqtt({
      url: `mqtt://127.0.0.1:${await listen(server)}`,
      device,
      kid: 1,
      sign: (message) => signEs256(key, message),
      chainId: 31337,
      registry,
      now: () => now,
    });
    try {
      const answers = await Promise.all([transport.send(reading(7)), transport.send(reading(8))]);
      expect(answers.map((a: Answer) => (a as { sequence: number }).sequence)).to.deep.equal([7, 8]);
      expect(new Set(topics)).to.deep.equal(new Set([`twinward/v1/devices/${device}/readings`]));
      expect(user).to.equal(device);
      const [header, claims, signature] = password.split(".") as [string, string, string];
      expect(JSON.parse(Buffer.from(header, "base64url").toString())).to.deep.equal({ alg: "ES256", kid: "1" });
      const { aud, iat, exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
      expect([aud, iat, exp]).to.deep.equal([`31337:${registry}`, now / 1000, now / 1000 + 300]);
      const signed = utf8(`${header}.${claims}`);
      expect(verifyEs256(publicKeyOf(key), signed, fromBase64url(signature))).to.equal(true);
    } finally {
      await transport.close();
      server.close();
      await new Promise<void>((resolve) => broker.close(resolve));
    }
  });
});
