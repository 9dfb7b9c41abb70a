/** The exit codes of the children of the monitor that say how they ended. */

/** The code of a child threw an error that nobody caught. */
export const EXIT_CRASHED = 1;
export const EXIT_INIT_FAILED = 70;
/** A child that was told to stop could not do so in order. */
export const EXIT_STOP_FAILED = 71;
/** A child that got TERM. */
export const EXIT_TERM = 143;
