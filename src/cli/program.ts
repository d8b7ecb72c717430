/** The name that messages and help call this program. */
export const PROGRAM = "mini-docker";

export { VERSION } from "../lib/version.ts";
