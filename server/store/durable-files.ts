import { NodeFS } from "@electric-sql/pglite/nodefs";
import type { PGlite } from "@electric-sql/pglite";
import { closeSync, fsyncSync, openSync } from "node:fs";

type Start = Parameters<NodeFS["init"]>;
type Options = Awaited<ReturnType<NodeFS["init"]>>["emscriptenOpts"];

/** The parts of Emscripten's file system over Node that we complete. */
interface MountedFiles {
  FS: { lookupNode(parent: unknown, name: string): unknown; destroyNode(node: unknown): void };
  NODEFS: {
    realPath(node: unknown): string;
    /** Gives what Node throws to PostgreSQL as the system's error; anything else would unwind it in the middle of its work. */
    tryFSOperation<T>(operation: () => T): T;
    node_ops: { mknod: (parent: unknown, name: string, mode: number, device: number) => unknown };
    stream_ops: { fsync?: (stream: { nfd?: number; node: unknown }) => number };
  };
}

/** What PGlite is started with: its own list without -F (which is fsync=off), and a sync method that reaches the disk. */
export function durableParameters(defaults: readonly string[]): string[] {
  const settings = ["fsync=on", "wal_sync_method=fsync", "max_wal_size=128MB"];
  return [...defaults.filter((word) => word !== "-F"), ...settings.flatMap((setting) => ["-c", setting])];
}

/**
 * PGlite's Node file system with an fsync that reaches the disk.
 *
 * As it comes, PGlite syncs nothing: it is started with fsync off, Emscripten's Node file system has no fsync, and its
 * fdatasync (PostgreSQL's default for the log) returns at once. A commit then survives a killed process, but not a power
 * cut, and an ack would promise too much. With this class and `durableParameters` each commit ends in a real fsync of the
 * write-ahead log, and checkpoints sync the tables before old log is dropped. README.md says how that was measured.
 */
export class DurableFiles extends NodeFS {
  override async init(postgres: PGlite, options: Start[1]): Promise<{ emscriptenOpts: Options }> {
    const started = await super.init(postgres, options);
    const install = (module: unknown): void => {
      const { FS, NODEFS } = module as MountedFiles;
      NODEFS.stream_ops.fsync = (stream) => {
        NODEFS.tryFSOperation(() => {
          if (stream.nfd !== undefined) fsyncSync(stream.nfd);
          else syncPath(NODEFS.realPath(stream.node));
        });
        return 0;
      };
      // It names a new file before it makes it. Where that fails, on a full disk, the name would stay, and PostgreSQL hear
      // forever after that the file exists.
      const { mknod } = NODEFS.node_ops;
      NODEFS.node_ops.mknod = (parent, name, mode, device) => {
        try {
          return mknod(parent, name, mode, device);
        } catch (error) {
          FS.destroyNode(FS.lookupNode(parent, name));
          throw error;
        }
      };
    };
    const before = (started.emscriptenOpts.preRun ?? []) as ((module: unknown) => void)[];
    return { emscriptenOpts: { ...started.emscriptenOpts, preRun: [install, ...before] as never } };
  }
}

/** Emscripten opens no descriptor for a directory, yet a rename is durable only when its directory is synced. */
function syncPath(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
