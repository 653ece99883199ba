// Releases interval after interval until it is killed, and tells each only when the reader got it.
import { openWorld } from "../../helpers/gateway-world.ts";
import { DerivedWorld, NOISED } from "./derived-world.ts";

const [directory = "", url] = process.argv.slice(2);
const world = await openWorld({ directory, ...(url === undefined ? {} : { database: { url } }) });
const device = world.device();
const derived = new DerivedWorld(world, device);
await derived.open(NOISED);
process.stdout.write(`${device.id}\n`);
for (;;) {
  const texts = [];
  for (let i = 0; i < 10; i++) texts.push(await device.next());
  await world.gateway.accept(texts);
  world.now += 10_000;
  const { releases = [] } = await derived.read(derived.permit(NOISED));
  for (const { from, values } of releases) process.stdout.write(`${JSON.stringify([from, values])}\n`);
}
