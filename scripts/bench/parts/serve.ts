// A server as `twinward up` starts it, without oracles: they are processes of their own, and readers.
import { startServer, type Running } from "../../../server/main/start.ts";
import { answerQuestions } from "./talk.ts";

let running: Running | undefined;

answerQuestions(
  async ({ data, databaseUrl }: { readonly data: string; readonly databaseUrl?: string }) => {
    const environment = { LOG_LEVEL: "warn", ...process.env, DATABASE_URL: databaseUrl };
    running = await startServer(environment, { data, port: 0 });
    return running.urls;
  },
  () => running?.close(),
);
