/** Bounds for the length of texts: without them a row could need more memory than there is. */

export const MAX_REPEATS = 10_000;
/** Characters of a text that is filled up. */
export const MAX_PADDED = 10_000_000;
