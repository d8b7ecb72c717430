import type { ContainerLookup } from "../network/join.ts";
import { findContainer } from "../store/containers.ts";
import type { Database } from "../store/database.ts";
import type { Container, EngineContext } from "./context.ts";
import { requireRunning } from "./status.ts";

/** What a network driver needs of the engine: the store, and which process another container is. */
export function networkContext(context: EngineContext): { database: Database; containers: ContainerLookup } {
  const { database } = context;
  const initPid = (id: string) => requireRunning(context, findContainer(database, id) as Container).pid;
  return { database, containers: { initPid } };
}
