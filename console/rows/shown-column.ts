/** A column of an answer. */
export interface ShownColumn {
  readonly name: string;
  readonly type: string;
}
