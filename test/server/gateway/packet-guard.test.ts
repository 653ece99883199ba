import { expect } from "chai";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { PacketGuard, type Violation } from "../../../server/gateway/packet-guard.ts";

/** PINGREQ, and a PUBLISH of QoS 2. */
const PING = Buffer.of(0xc0, 0);
const QOS_2 = Buffer.of(0x34, 2, 0, 0);

describe("gateway: packet guard", () => {
  let near: Socket;
  let far: Socket;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const connected = once(server, "connection");
    near = connect((server.address() as AddressInfo).port, "127.0.0.1");
    [far] = (await connected) as [Socket];
    stop = async () => {
      near.destroy();
      far.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  afterEach(() => stop());

  it("passes nothing on after a violation, whoever asks for more and whatever comes", async () => {
    const violations: Violation[] = [];
    const passed: Buffer[] = [];
    const guard = new PacketGuard(far, 1_000, (violation) => violations.push(violation));
    guard.on("data", (chunk: Buffer) => passed.push(chunk));
    near.write(PING);
    await once(guard, "data");
    near.write(QOS_2);
    await until(() => violations.length > 0);
    // The broker asks for more; the sender goes on, with what would be a packet and with another violation.
    guard.resume();
    guard._read();
    near.write(Buffer.concat([PING, PING, QOS_2, QOS_2]));
    const last = far.bytesRead + 12;
    await until(() => far.bytesRead >= last || far.isPaused());
    near.end();
    await until(() => far.isPaused() || far.readableEnded);
    expect(Buffer.concat(passed)).to.deep.equal(PING);
    expect(violations).to.deep.equal(["QoS 2"]);
  });
});

async function until(done: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5_000; !done() && Date.now() < deadline;)
    await new Promise((resolve) => setTimeout(resolve, 5));
}
