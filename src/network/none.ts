import type { NetworkDriver } from "./driver.ts";

/**
 * `--network none`: a namespace of its own with loopback alone.
 *
 * It does nothing, on purpose: the container's own birth brings loopback up (`loopbackUpRequest`).
 */
export function openNoneNetwork(): NetworkDriver {
  return {
    kind: "none",
    validate() {},
    prepare: () => [],
    namespace: () => ({ kind: "new" }),
    lease: () => undefined,
    endpoint: () => undefined,
    attach() {},
    detach() {},
    [Symbol.dispose]() {},
  };
}
