/**
 * What the runtime around the library offers. Everything here is asked when the library loads, and must neither throw
 * nor make a runtime with permissions ask whoever sits at the terminal.
 */

interface Runtime {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly getBuiltinModule?: typeof process.getBuiltinModule;
    readonly availableMemory?: () => number;
  };
  readonly Deno?: {
    readonly permissions: { querySync(of: Readonly<Record<string, string>>): { readonly state: string } };
  };
}

const runtime = globalThis as unknown as Runtime;

/** Whether it is allowed already. Runtimes without permissions allow everything. */
function granted(name: "env" | "read" | "ffi" | "sys", of: Readonly<Record<string, string>> = {}): boolean {
  return (
    runtime.Deno === undefined || runtime.Deno.permissions.querySync({ name, ...of }).state === "granted"
  );
}

function attempt<T>(f: () => T): T | undefined {
  try {
    return f();
  } catch {
    return undefined;
  }
}

/** A variable of the environment; none where there is no environment, or no permission to read it. */
export function environment(name: string): string | undefined {
  return attempt(() => (granted("env", { variable: name }) ? runtime.process?.env?.[name] : undefined));
}

/** Node's own modules, without an import that browsers would trip over; `null` where there are none. */
export function builtinModules(): typeof process.getBuiltinModule | null {
  return attempt(() => runtime.process?.getBuiltinModule) ?? null;
}

/** Whether addons may be looked for and loaded. */
export function mayLoadAddons(): boolean {
  return attempt(() => granted("ffi") && granted("read")) ?? false;
}

/** The text of a file; `null` where there is none, no file system, or no permission to read it. */
export function fileText(path: string): string | null {
  return (
    attempt(() =>
      granted("read", { path }) ? builtinModules()?.("node:fs").readFileSync(path, "utf8") : undefined,
    ) ?? null
  );
}

/** Bytes the machine has free; infinite where the runtime does not tell. */
export function availableMemory(): number {
  const bytes = attempt(() =>
    granted("sys", { kind: "systemMemoryInfo" }) ? runtime.process?.availableMemory?.() : undefined,
  );
  return bytes ?? Number.POSITIVE_INFINITY;
}
