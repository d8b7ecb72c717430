/** The one place that knows every kind of network. */
import { UsageError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import type { NetworkDriver } from "./driver.ts";
import type { ContainerLookup } from "./join.ts";

const JOIN_PREFIX = "container:";

/**
 * Opens the driver for a `--network` mode. Only the chosen one's code is loaded.
 *
 * @param mode `bridge`, `none`, `host` or `container:ID` with a full ID
 * @throws {UsageError} for any other
 */
export async function openNetwork(
  mode: string,
  context: { database: Database; containers: ContainerLookup },
): Promise<NetworkDriver> {
  if (mode.startsWith(JOIN_PREFIX)) {
    const { openJoinedNetwork } = await import("./join.ts");
    return openJoinedNetwork(mode.slice(JOIN_PREFIX.length), context.containers);
  }
  switch (mode) {
    case "bridge":
      return (await import("./bridge.ts")).openBridgeNetwork(context.database);
    case "none":
      return (await import("./none.ts")).openNoneNetwork();
    case "host":
      return (await import("./host.ts")).openHostNetwork();
    default:
      throw new UsageError(`Cannot use network "${mode}": no network has that name`, {
        hint: "Choose bridge, none, host or container:NAME",
      });
  }
}
