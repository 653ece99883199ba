import mqtt, { type IClientOptions, type MqttClient } from "mqtt";

/** Connects once; rejects where it is not let in, also where the connection is ended without a word. */
export async function enterBroker(url: string, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(url, { reconnectPeriod: 0, connectTimeout: 10_000, ...options });
  try {
    await new Promise<void>((resolve, reject) => {
      client.once("connect", () => resolve());
      client.once("error", reject);
      client.once("close", () => reject(new Error("closed")));
    });
  } catch (error) {
    await client.endAsync(true);
    throw error;
  }
  client.on("error", () => undefined);
  return client;
}
