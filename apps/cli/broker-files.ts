import { READING_LIMITS } from "../../protocol/reading.ts";

/** The gateway's name at a broker: the common name of its certificate. No device is called so: their ids begin with 0x. */
export const GATEWAY_NAME = "gateway";

/** The rules of Mosquitto's `acl_file`: `%u` is the common name of the certificate by which a client came. */
export const BROKER_RULES = `# Who may do what at this broker. A device's name is its id, from its certificate.
user ${GATEWAY_NAME}
topic read twinward/v1/devices/+/readings
topic read twinward/v1/devices/+/results
topic write twinward/v1/devices/+/acks
topic write twinward/v1/devices/+/commands

pattern write twinward/v1/devices/%u/readings
pattern write twinward/v1/devices/%u/results
pattern read twinward/v1/devices/%u/acks
pattern read twinward/v1/devices/%u/commands
`;

/** Settings for Mosquitto 2.0, with every file in `directory`. `port` by convention 8883. */
export function mosquittoSettings(directory: string, port: number): string {
  return `# TLS 1.2 or later, client certificates only, names from certificates only.
listener ${port}
cafile ${directory}/ca.pem
certfile ${directory}/server.pem
keyfile ${directory}/server.key.pem
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file ${directory}/acl

# Nothing is kept: devices send again what was not acked.
persistence false
retain_available false
max_packet_size ${READING_LIMITS.characters + 256}
# Readings on their way to a gateway at once. The default of 20 would let it commit 20 at a time.
max_inflight_messages 512
max_queued_messages 10000
`;
}
