/** The root that paths in errors have in place of the gateway's address. */
export const STORE_ROOT = '/store';
