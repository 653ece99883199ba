import cliProgress from "cli-progress";

/** A bar on stderr while something takes long, with what is being done and the time that remains; nothing where nobody looks. */
export function showProgress(title: string): {
  readonly update: (done: number, what: string) => Promise<void>;
  readonly stop: () => void;
} {
  const format = `${title} {bar} {percentage} % | {eta_formatted} left | {what}`;
  const bar = new cliProgress.SingleBar({ format, hideCursor: true }, cliProgress.Presets.shades_classic);
  if (process.stderr.isTTY) bar.start(1000, 0, { what: "" });
  return {
    update: async (done, what) => {
      bar.update(Math.round(1000 * done), { what });
      // The bar is drawn, and Ctrl-C heard, only when the event loop has its turn.
      await new Promise((resolve) => setImmediate(resolve));
    },
    stop: () => bar.stop(),
  };
}
