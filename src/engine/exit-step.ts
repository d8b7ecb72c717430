import { endProcess } from "../kernel/exit.ts";
import { EngineContext } from "./context.ts";
import { finishContainer } from "./finish.ts";

/**
 * What a shim runs when its container has ended and nobody attached has seen to it.
 *
 * @param words data root, run root, container ID: as `EngineContext.exitStep` wrote them
 */
export function runExitStep(words: readonly string[]): never {
  const [data, run, id] = words;
  if (data === undefined || run === undefined || id === undefined)
    throw new Error("the exit step needs three words");
  finishContainer(new EngineContext({ data, run }), id);
  return endProcess(0);
}
