// Loaded before a program by NODE_OPTIONS=--import: the package that WITHOUT_PACKAGE names is not installed for it.
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    const missing = process.env.WITHOUT_PACKAGE ?? "";
    if (specifier !== missing) return next(specifier, context);
    throw Object.assign(new Error(`Cannot find package '${missing}'`), { code: "ERR_MODULE_NOT_FOUND" });
  },
});
