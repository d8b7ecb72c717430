import type { NetworkDriver } from "./driver.ts";
import { openNoneNetwork } from "./none.ts";

/** `--network host`: the namespace of the host itself. There is nothing to set up and nothing to isolate. */
export function openHostNetwork(): NetworkDriver {
  return { ...openNoneNetwork(), kind: "host", namespace: () => ({ kind: "host" }) };
}
