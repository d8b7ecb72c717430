/** The name that messages and help call this program. */
export const PROGRAM = "mini-docker";

/** As in package.json; a test compares them. */
export const VERSION = "0.1.0";
