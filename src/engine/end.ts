import { endProcess } from "../kernel/exit.ts";

/** Ends a command that has written all its output: at once, since everything kept is on its way to disk already. */
export function endCommand(status: number): never {
  return endProcess(status);
}
