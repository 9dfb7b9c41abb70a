/** Where a command writes: what was asked for, and what there is to say about it. */
export interface Output {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}
