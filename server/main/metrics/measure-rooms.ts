import type { Logger } from "pino";
import { isHeld, isRefusal } from "../../../protocol/refusal.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Access } from "../../access/authorize.ts";
import type { Answered } from "../../api/rooms.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Meters } from "./meters.ts";

/** Seconds. An ack takes some milliseconds; what takes longer than a few seconds is ill, however long. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const codeOf = (error: unknown): string => (error instanceof TwinwardError ? error.code : "INTERNAL");

/** Told of failures that a part goes on after: they are logged, and counted by code. */
export function reporter(meters: Meters, log: Logger): (error: unknown) => void {
  const troubles = meters.counter("twinward_troubles_total", "Failures that a part went on after, by code.");
  return (error) => {
    troubles.add({ code: codeOf(error) });
    log.error({ error }, "a part failed; it goes on");
  };
}

/** The gateway, with its answers counted by code. What a reading says is not looked at. */
export function measureGateway(meters: Meters, gateway: Gateway): Gateway {
  const readings = meters.counter("twinward_readings_total", "Readings answered, by door, answer and code.");
  const seconds = meters.histogram("twinward_accept_seconds", "From a request of readings to its answers.", SECONDS);
  return {
    ...gateway,
    accept: async (...given) => {
      const [texts, via] = given;
      const door = via === undefined ? "http" : "mqtt";
      const began = performance.now();
      try {
        const answers = await gateway.accept(...given);
        for (const answer of answers) {
          if (isRefusal(answer)) readings.add({ door, answer: "refused", code: answer.code });
          else readings.add({ door, answer: isHeld(answer) ? "held" : "acked", code: "" });
        }
        return answers;
      } catch (error) {
        readings.add({ door, answer: "failed", code: codeOf(error) }, texts.length);
        throw error;
      } finally {
        seconds.observe((performance.now() - began) / 1000, { door });
      }
    },
  };
}

/** Access, with its decisions counted by their code. */
export function measureAccess(meters: Meters, access: Access): Access {
  const decisions = meters.counter("twinward_decisions_total", "Decisions on reads, by outcome and code.");
  const counted = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      const permit = await asked;
      decisions.add({ decision: "permit", code: "" });
      return permit;
    } catch (error) {
      decisions.add({ decision: "deny", code: codeOf(error) });
      throw error;
    }
  };
  return {
    ...access,
    authorize: (...given) => counted(access.authorize(...given)),
    authorizeRecord: (...given) => counted(access.authorizeRecord(...given)),
  };
}

/** Told of every answer of the API, by its route's pattern. */
export function measureApi(meters: Meters): (answered: Answered) => void {
  const answers = meters.counter("twinward_http_answers_total", "Answers over HTTP, by method, route and status.");
  const seconds = meters.histogram("twinward_http_seconds", "From a request over HTTP to its answer.", SECONDS);
  return ({ method, route, status, ms }) => {
    answers.add({ method, route, status: String(status) });
    seconds.observe(ms / 1000, { route });
  };
}
