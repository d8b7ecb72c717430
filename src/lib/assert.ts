/** Crashes with a stack when a programmer's assumption does not hold. Never used for what a user or the kernel can cause. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
