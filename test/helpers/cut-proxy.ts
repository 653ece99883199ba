// A network between a server and its PostgreSQL that a test can cut.
import { createServer, connect, type AddressInfo, type Socket } from "node:net";

export interface CutProxy {
  /** The URL, through this proxy. */
  through(url: string): string;
  /** Cuts the connection that next says these bytes to the database; which has them, but its answer is lost. */
  cutAfter(words: string): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  /** Swallows everything from now on, in both directions, and cuts nothing. */
  swallow(): void;
  /** Lets through again what comes from now on. */
  heal(): void;
  close(): Promise<void>;
}

export async function openCutProxy(port: number): Promise<CutProxy> {
  const pairs = new Set<{ client: Socket; database: Socket }>();
  let waiting: { words: string; done: () => void } | undefined;
  let swallowing = false;
  const server = createServer((client) => {
    const database = connect(port, "127.0.0.1");
    const pair = { client, database };
    pairs.add(pair);
    let deaf = false;
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) socket.on("error", end).on("close", end);
    client.on("data", (bytes) => {
      if (swallowing) return;
      database.write(bytes);
      if (waiting === undefined || !bytes.includes(waiting.words)) return;
      deaf = true;
      const { done } = waiting;
      waiting = undefined;
      database.once("data", () => {
        end(); // the answer has come, to us
        done();
      });
    });
    database.on("data", (bytes) => {
      if (!swallowing && !deaf) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const { client, database } of [...pairs]) {
      client.destroy();
      database.destroy();
    }
  };
  return {
    through: (url) => url.replace(/:\d+\//, `:${(server.address() as AddressInfo).port}/`),
    cutAfter: (words) => new Promise((resolve) => (waiting = { words, done: resolve })),
    cut,
    swallow: () => void (swallowing = true),
    heal: () => void (swallowing = false),
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
