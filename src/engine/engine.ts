import { type EngineContext, openContext } from "./context.ts";
import type { Containers, Engine, EngineOptions, Images } from "./types.ts";

/**
 * Opens the engine.
 *
 * Nothing is read or made yet: each verb opens what it needs, and brings its own code when it is first used.
 *
 * @throws {PermissionError} when the caller is not root
 */
export function openEngine(options: EngineOptions): Engine {
  const context = openContext(options);
  let images: Images | undefined;
  const verbs = openContainers(context);
  return {
    containers: verbs,
    get images() {
      images ??= lazyImages(context);
      return images;
    },
    async info() {
      return (await import("./info.ts")).engineInfo(context);
    },
    [Symbol.dispose]() {},
  };
}

function lazyImages(context: EngineContext): Images {
  const images = async () => (await import("./images.ts")).openImages(context);
  return {
    pull: async (...args) => (await images()).pull(...args),
    load: async (...args) => (await images()).load(...args),
    list: async (...args) => (await images()).list(...args),
    remove: async (...args) => (await images()).remove(...args),
    inspect: async (...args) => (await images()).inspect(...args),
  };
}

function openContainers(context: EngineContext): Containers {
  return {
    async run(request, options) {
      return (await import("./run.ts")).runContainer(context, request, options);
    },
    async create(request, progress) {
      return (await import("./create.ts")).createContainer(context, request, progress);
    },
    async start(reference) {
      const { startDetached } = await import("./run.ts");
      await startDetached(context, reference);
    },
    async startAttached(...args) {
      return (await import("./run.ts")).startAttached(context, ...args);
    },
    async attach(reference, attach) {
      return (await import("./attach.ts")).attachTo(context, reference, attach);
    },
    async stop(reference, options) {
      (await import("./stop.ts")).stopContainer(context, reference, options);
    },
    async restart(reference, options) {
      (await import("./stop.ts")).stopContainer(context, reference, options);
      await (await import("./run.ts")).startDetached(context, reference);
    },
    async kill(reference, signal) {
      (await import("./stop.ts")).killContainer(context, reference, signal);
    },
    async pause(reference) {
      (await import("./stop.ts")).pauseContainer(context, reference);
    },
    async unpause(reference) {
      (await import("./stop.ts")).unpauseContainer(context, reference);
    },
    async wait(reference) {
      return (await import("./wait.ts")).waitContainer(context, reference);
    },
    async remove(reference, options) {
      (await import("./remove.ts")).removeContainer(context, reference, options);
    },
    async list(options) {
      return (await import("./list.ts")).listContainerSummaries(context, options);
    },
    async inspect(reference, options) {
      return (await import("./inspect.ts")).inspectContainer(context, reference, options);
    },
    async logs(reference, request) {
      (await import("./logs.ts")).printLogs(context, reference, request);
    },
    async exec(reference, request) {
      return (await import("./exec.ts")).execCommand(context, reference, request);
    },
    async explainRun(request, progress) {
      return (await import("./explain.ts")).explainRun(context, request, progress);
    },
    async explainExec(reference, request) {
      return (await import("./explain.ts")).explainExec(context, reference, request);
    },
  };
}
