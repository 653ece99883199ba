import { connect } from "node:net";

export interface RawAnswer {
  /** Undefined where the connection ended without an answer. */
  readonly status: number | undefined;
  readonly text: string;
}

const WITHIN_MS = 15_000;

/** Sends bytes to a TCP port and reads until the other side closes: what no HTTP client would send. */
export async function sendBytes(url: string, bytes: Uint8Array): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer to ${Buffer.from(bytes.slice(0, 200)).toString("latin1")}`));
    }, WITHIN_MS);
    socket.on("error", () => undefined); // a reset is an answer too
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(late);
      const whole = Buffer.concat(chunks).toString("latin1");
      const text = whole.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, "");
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      resolve({ status: status === undefined ? undefined : Number(status), text });
    });
    socket.end(bytes);
  });
}

/** One HTTP request, written as it is given. */
export async function sendRequest(
  url: string,
  request: { method?: string; path: string; headers?: Record<string, string>; body?: Uint8Array },
): Promise<RawAnswer> {
  const { method = "GET", path, headers = {}, body } = request;
  const lines = [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined && headers["Content-Length"] === undefined) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return sendBytes(url, Buffer.concat([head, body ?? new Uint8Array()]));
}
