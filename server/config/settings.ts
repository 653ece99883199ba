import { z } from "zod";

/** How a setting is told of: what it takes in words, a line that would do, and whether its value may be repeated. */
interface Told {
  readonly takes: string;
  /** A value that would be taken, where there is no default. */
  readonly example?: string;
  /** It may hold a password: it is never printed. */
  readonly secret?: boolean;
}

/** Decimal digits only: "" is not 0, and neither is "0x0". */
const whole = (min: number, max: number, byDefault: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(byDefault);
const url = (protocol: RegExp) => z.url({ protocol }).optional();
const told = (words: Told) => ({ ...words });
const file = (example: string) =>
  z
    .string()
    .min(1)
    .optional()
    .meta(told({ takes: "a PEM file", example }));

const port = (byDefault: number) => whole(0, 65_535, byDefault).meta(told({ takes: "a TCP port; 0 takes a free one" }));

/** Every setting of the environment, with what it takes and its default. docs/running.md says what each is for. */
export const SETTINGS = z.object({
  TWINWARD_DATA: z
    .string()
    .min(1)
    .default(".twinward")
    .meta(told({ takes: "a directory" })),
  HOST: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .meta(told({ takes: "an address of this machine" })),
  PUBLIC_URL: url(/^https?$/)
    .refine((text) => text === undefined || ["", "/"].includes(text.replace(/^https?:\/\/[^/?#@]+/, "")))
    .meta(told({ takes: "an http or https URL without a path", example: "https://twinward.example" })),
  TLS_CERT: file("/etc/twinward/server.pem"),
  TLS_KEY: file("/etc/twinward/server.key.pem"),
  TLS_CLIENT_CA: file("/etc/twinward/ca.pem"),
  PORT: port(8080),
  MQTT_PORT: port(1883),
  MQTT_URL: url(/^mqtts?$/).meta(
    told({ takes: "an mqtts URL, or an mqtt one on loopback", example: "mqtts://broker.example:8883", secret: true }),
  ),
  MQTT_CERT: file("/etc/twinward/gateway.pem"),
  MQTT_KEY: file("/etc/twinward/gateway.key.pem"),
  MQTT_CA: file("/etc/twinward/broker-ca.pem"),
  RPC_PORT: port(8545),
  METRICS_PORT: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().max(65_535))
    .optional()
    .meta(told({ takes: "a TCP port; 0 takes a free one", example: "9464" })),
  RPC_URL: z
    .string()
    .refine((text) => text.split(",").every((one) => z.url({ protocol: /^https?$/ }).safeParse(one.trim()).success))
    .optional()
    .meta(
      told({
        takes: "an http or https URL, or several separated by commas",
        example: "http://127.0.0.1:8545",
        secret: true,
      }),
    ),
  RPC_PLAIN_TEXT: z
    .enum(["allow"])
    .optional()
    .meta(told({ takes: "allow", example: "allow" })),
  RPC_BLOCK_AGE_SECONDS: whole(0, 86_400, 60).meta(told({ takes: "0 to 86400 seconds; 0 is any age" })),
  RPC_PRICE_CEILING_GWEI: whole(0, 999_999_999, 500).meta(told({ takes: "0 to 999999999 gwei" })),
  DATABASE_URL: url(/^postgres(ql)?$/).meta(
    told({
      takes: "a postgresql URL",
      example: "postgresql://USER:PASSWORD@HOST:5432/NAME?sslmode=verify-full",
      secret: true,
    }),
  ),
  SEAL_INTERVAL_MS: whole(50, 60_000, 1_000).meta(told({ takes: "50 to 60000 milliseconds" })),
  ANCHOR_WITHIN_SECONDS: whole(5, 86_400, 600).meta(told({ takes: "5 to 86400 seconds" })),
  KEYS_MIRROR: z
    .string()
    .min(1)
    .optional()
    .meta(told({ takes: "a directory", example: "/mnt/other-disk/twinward-keys" })),
  FLEET: z
    .enum(["open", "signed-in"])
    .optional()
    .meta(told({ takes: "open or signed-in", example: "signed-in" })),
  WEBHOOK_PRIVATE: z
    .enum(["allow"])
    .optional()
    .meta(told({ takes: "allow", example: "allow" })),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .meta(told({ takes: "trace, debug, info, warn, error or silent" })),
  NODE_ENV: z
    .enum(["development", "production", "test"])
    .default("development")
    .meta(told({ takes: "development, production or test" })),
  ANVIL: z
    .string()
    .min(1)
    .optional()
    .meta(told({ takes: "the path of a program", example: "/usr/local/bin/anvil" })),
});

export type Settings = z.output<typeof SETTINGS>;
export type SettingName = keyof typeof SETTINGS.shape;

/** Settings of the command line's other side, which talks to a server, and of Node itself; a server leaves them alone. */
export const CLIENT_SETTINGS = ["TWINWARD_URL", "TWINWARD_STEWARD_KEY", "NODE_COMPILE_CACHE"];

/** What is told of a setting, and its default as it would be written; undefined where there is none. */
export function describeSetting(name: SettingName): Told & { readonly byDefault: string | undefined } {
  const schema: z.ZodType = SETTINGS.shape[name];
  const value = schema.safeParse(undefined).data as string | number | undefined;
  return { ...(schema.meta() as unknown as Told), byDefault: value === undefined ? undefined : String(value) };
}

export const settingNames = (): SettingName[] => Object.keys(SETTINGS.shape) as SettingName[];
