import { build, type InlineConfig } from "vite";

/** Vite's `build`, which leaves NODE_ENV=production behind: tests that run later in this process must not be in production. */
export async function bundle(config: InlineConfig): ReturnType<typeof build> {
  const before = process.env.NODE_ENV;
  try {
    return await build(config);
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}
