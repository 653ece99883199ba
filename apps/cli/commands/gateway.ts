import type { Command } from "commander";
import { printJson } from "../print.ts";

/** From the signal to the end of it, ms. */
const END_WITHIN_MS = 9_500;

export function addGatewayCommand(program: Command): void {
  program
    .command("gateway")
    .description("run one more gateway of a server's stream: takes readings from the broker that they share")
    .option("--data <directory>", "the server's data directory (default: .twinward)")
    .addHelpText(
      "after",
      `
The server runs already, with the same DATABASE_URL, MQTT_URL, MQTT_CERT, MQTT_KEY, MQTT_CA and, unless its chain is the
embedded one, RPC_URL: give this the same lines. It takes its share of the readings, and anchors nothing. With PORT it answers
/healthz and /readyz there, with METRICS_PORT /metrics; lines that only a server has a use for are refused. Killed at any
moment it leaves nothing to repair: a device that heard no ack sends again. docs/brokers.md says more.`,
    )
    .action(async (options: { data?: string; json?: boolean }) => {
      const over = Promise.withResolvers<void>();
      const stop = (): void => {
        over.resolve();
        setTimeout(() => process.exit(1), END_WITHIN_MS).unref();
      };
      process.on("SIGINT", stop);
      process.on("SIGTERM", stop);
      const { startGateway } = await import("../../../server/main/start-gateway.ts");
      const environment = { LOG_LEVEL: "warn", ...process.env };
      const running = await startGateway(environment, options.data === undefined ? {} : { data: options.data });
      const { mqtt, clientId, http, metrics } = running;
      if (options.json) printJson({ mqtt, clientId, ...(http && { http }), ...(metrics && { metrics }) });
      else {
        console.log(`A gateway takes readings at ${mqtt}, there called ${clientId}. Ctrl-C ends it.`);
        if (http) console.log(`Whether it is well: ${http}/readyz`);
        if (metrics) console.log(`Metrics: ${metrics}`);
      }
      await over.promise;
      await running.close();
    });
}
