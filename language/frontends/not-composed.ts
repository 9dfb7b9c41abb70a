/** Makes the error of a step that meets the name of a model where the model itself should stand: a broken invariant. */
export function notComposed(name: string): Error {
  return new Error(`the tree still has the name of the model ${name}`);
}
