/** Whoever asks while an answer is awaited gets that one: a part that answers slowly is asked once, however many ask. */
export function oneInFlight<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= ask().finally(() => (running = undefined)));
}
