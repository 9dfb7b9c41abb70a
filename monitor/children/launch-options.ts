/** How the processes of a role are started, beyond what all of them have in common (launch.ts). */
export interface LaunchOptions {
  /** Megabytes of V8's old generation; null: V8's own choice. */
  readonly heapMb: number | null;
  /** Whether the kernel limits its data segment, to `dsl.dataLimitBytes`. */
  readonly hasDataLimit: boolean;
  /** Whether it gets a directory for what does not fit into memory. */
  readonly spills: boolean;
}

export const ORDINARY_LAUNCH: LaunchOptions = { heapMb: null, hasDataLimit: false, spills: false };
