/**
 * Runs at most `count` tasks at a time; the others wait for their turn, in the order they came.
 *
 * @returns a function that runs a task when there is room and settles as it does
 */
export function limit(count: number): <Value>(task: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= count) await new Promise<void>((go) => waiting.push(go));
    else running++;
    try {
      return await task();
    } finally {
      // The place is handed on rather than given up, so that nobody who comes later gets in between.
      const next = waiting.shift();
      if (next !== undefined) next();
      else running--;
    }
  };
}
