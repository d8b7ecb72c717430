import { exitCodeOf } from "../container/exit-status.ts";
import {
  currentBootId,
  isRunning,
  type ProcessRecord,
  readRunState,
  type RunState,
} from "../container/run-state.ts";
import { ConflictError } from "../errors.ts";
import { getContainer } from "../store/containers.ts";
import { isAlive } from "../store/owner.ts";
import type { Container, EngineContext } from "./context.ts";
import type { ContainerState } from "./types.ts";

/** Docker's code for a container of which nobody saw the end: the machine went down. */
const UNSEEN_EXIT_CODE = 255;
/** A container whose shim was killed is killed with it. */
const KILLED_EXIT_CODE = 137;

/**
 * - `starting`: a command is at it
 * - `lost`: it was started, but there is neither its init nor a record of its end, or its shim is gone
 */
export type Stage = "creating" | "created" | "starting" | "running" | "ended" | "lost" | "exited";

/** What is true of a container at this moment. */
export interface Status {
  readonly stage: Stage;
  readonly run: RunState;
  /** Of a container that ended, whether or not that has been recorded. */
  readonly exitCode?: number;
  readonly finishedAt?: string;
}

/**
 * Finds out what a container does. Nothing stored is believed but its phase: it runs if its init, with the start time
 * that the shim recorded, lives in this boot.
 */
export function statusOf(context: EngineContext, container: Container): Status {
  const { phase } = container;
  if (phase === "exited") {
    return {
      stage: "exited",
      run: {},
      exitCode: container.exitCode ?? 0,
      finishedAt: container.finishedAt ?? "",
    };
  }
  if (phase === "created") return { stage: "created", run: {} };
  const hasOwner = container.owner !== undefined && isAlive(container.owner);
  if (phase === "creating") return { stage: hasOwner ? "creating" : "lost", run: {} };
  if (container.bootId !== currentBootId()) {
    return {
      stage: "ended",
      run: {},
      exitCode: UNSEEN_EXIT_CODE,
      finishedAt: container.startedAt ?? container.createdAt,
    };
  }
  const run = readRunState(context.paths(container.id).runFolder);
  if (run.exit)
    return { stage: "ended", run, exitCode: exitCodeOf(run.exit), finishedAt: run.exit.finishedAt };
  const shimLives = run.shim !== undefined && isRunning(run.shim);
  if (run.init && isRunning(run.init)) return { stage: shimLives ? "running" : "lost", run };
  // Between the init's end and its record the shim hands out the last output.
  if (shimLives) return { stage: run.init ? "running" : "starting", run };
  if (!run.shim && hasOwner) return { stage: "starting", run };
  return (
    endSinceTheLook(context, container) ?? {
      stage: "lost",
      run,
      exitCode: KILLED_EXIT_CODE,
      finishedAt: new Date().toISOString(),
    }
  );
}

/**
 * Nothing lives and no end was on record: it may have been recorded, and even settled, since that was looked at. The
 * row says so before the record goes, so they are looked at in this order.
 */
function endSinceTheLook(context: EngineContext, { id }: Container): Status | undefined {
  const run = readRunState(context.paths(id).runFolder);
  if (run.exit)
    return { stage: "ended", run, exitCode: exitCodeOf(run.exit), finishedAt: run.exit.finishedAt };
  const container = getContainer(context.database, id) as Container | undefined;
  return container?.phase === "exited" ? statusOf(context, container) : undefined;
}

/** Docker's word for a stage. */
export function stateName(context: EngineContext, container: Container, { stage }: Status): ContainerState {
  if (stage === "running") return context.cgroups.open(container.id).isFrozen() ? "paused" : "running";
  if (stage === "ended" || stage === "exited") return "exited";
  return stage === "lost" && container.phase === "started" ? "exited" : "created";
}

/**
 * The init of a container that runs.
 *
 * @throws {ConflictError} when it does not, in docker's words
 */
export function requireRunning(context: EngineContext, container: Container): ProcessRecord {
  const { stage, run } = statusOf(context, container);
  if (stage === "running" && run.init) return run.init;
  throw new ConflictError(`Container ${container.name} is not running`, {
    hint: `Start it with: mini-docker start ${container.name}`,
  });
}
