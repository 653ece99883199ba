import { Duplex } from "node:stream";
import type { Socket } from "node:net";

/** Why a connection was ended before the broker saw the packet. */
export type Violation = "packet too large" | "malformed packet" | "QoS 2";

/**
 * Looks at the fixed header of each MQTT packet before the broker gets it. The broker's parser gathers a packet of any size in
 * memory, and keeps QoS 2 messages until their sender releases them: both are ways to fill it, so both end here.
 */
export class PacketGuard extends Duplex {
  readonly #socket: Socket;
  readonly #limit: number;
  readonly #violated: (violation: Violation) => void;
  /** Bytes of the present packet that are still to come, and the header as far as it has come. */
  #body = 0;
  #header: number[] = [];
  /** After a violation nothing is read or passed on: where the next packet begins is not known any more. */
  #over = false;

  constructor(socket: Socket, limit: number, violated: (violation: Violation) => void) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#limit = limit;
    this.#violated = violated;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    if (!this.#over) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#socket.destroyed) done();
    else this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(_error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    // Whoever broke the connection knows; it is nobody else's error.
    done(null);
  }

  #take(chunk: Buffer): void {
    if (this.#over) return;
    const violation = this.#inspect(chunk);
    if (violation) {
      this.#over = true;
      this.#socket.pause();
      this.#violated(violation);
      return;
    }
    if (!this.push(chunk)) this.#socket.pause();
  }

  #inspect(chunk: Buffer): Violation | undefined {
    for (let at = 0; at < chunk.length;) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, chunk.length - at);
        this.#body -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      this.#header.push(byte);
      if (this.#header.length === 1) {
        // PUBLISH is type 3; bits 1 and 2 are its QoS.
        if (byte >> 4 === 3 && (byte & 0b0100) !== 0) return "QoS 2";
        continue;
      }
      if ((byte & 0x80) !== 0) {
        if (this.#header.length > 4) return "malformed packet";
        continue;
      }
      // The remaining length: seven bits a byte, the lowest first.
      const length = this.#header.slice(1).reduce((sum, part, i) => sum + (part & 0x7f) * 128 ** i, 0);
      if (length > this.#limit) return "packet too large";
      this.#body = length;
      this.#header = [];
    }
    return undefined;
  }
}
