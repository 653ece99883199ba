/**
 * The runtime's own cryptography and byte conversions, where there are any.
 *
 * `protocol` runs in a browser too, so it imports nothing of Node. Asking the process for a built-in module works in
 * Node without an import that a bundler would follow, and yields undefined everywhere else.
 */
const runtime = (globalThis as { process?: NodeJS.Process }).process;

export const nativeCrypto = runtime?.getBuiltinModule?.("node:crypto");
export const NativeBuffer = runtime?.getBuiltinModule?.("node:buffer")?.Buffer;
