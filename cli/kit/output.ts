/** The streams that a command writes to: what was asked for, and what there is to say about it. */
export interface Output {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}
