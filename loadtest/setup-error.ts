/** Something that was asked for cannot be had. The message tells what to do; exit code 2. */
export class SetupError extends Error {}
