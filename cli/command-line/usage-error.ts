/** A command line that cannot be understood; the message tells how to mend it. */
export class UsageError extends Error {}
