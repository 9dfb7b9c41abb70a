/** The options for starting the processes of a role, beyond what all roles have in common (launch.ts). */
export interface LaunchOptions {
  /** The limit of V8's old generation in megabytes; null leaves it to V8. */
  readonly heapMb: number | null;
  /** Whether the kernel limits the process's data segment, to `dsl.dataLimitBytes`. */
  readonly hasDataLimit: boolean;
  /** Whether the process gets a directory for spilling data that does not fit into memory. */
  readonly spills: boolean;
  /** Whether the process runs in a sandbox, as `dsl.sandbox` says. */
  readonly sandboxed: boolean;
}

export const ORDINARY_LAUNCH: LaunchOptions = {
  heapMb: null,
  hasDataLimit: false,
  spills: false,
  sandboxed: false,
};
