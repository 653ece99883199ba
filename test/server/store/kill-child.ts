// Accepts readings until it is killed, and tells each ack only when the gateway gave it.
import type { DatabasePlace } from "../../../server/store/database.ts";
import { openWorld } from "../../helpers/gateway-world.ts";

const [directory = "", database] = process.argv.slice(2);
const world = await openWorld({
  directory,
  ...(database === undefined ? {} : { database: JSON.parse(database) as DatabasePlace }),
});
const devices = Array.from({ length: 8 }, () => world.device());
process.stdout.write("ready\n");
for (;;) {
  // Each round makes the partition of another month.
  world.now += 31 * 86_400_000;
  const texts = await Promise.all(devices.map((device) => device.next()));
  const half = texts.length / 2;
  await Promise.all(
    [texts.slice(0, half), texts.slice(half)].map(async (request) => {
      for (const answer of await world.gateway.accept(request)) process.stdout.write(`${JSON.stringify(answer)}\n`);
    }),
  );
}
