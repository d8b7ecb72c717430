/** The first word of the command line by which a shim calls the engine. No verb begins with an underscore. */
export const EXIT_STEP = "__exit";
