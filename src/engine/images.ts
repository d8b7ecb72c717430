import type { EngineContext } from "./context.ts";
import { statusOf } from "./status.ts";
import type { Container } from "./context.ts";
import type { Images } from "./types.ts";

/** The verbs on images. Each brings its own code when it is first used. */
export function openImages(context: EngineContext): Images {
  const { roots } = context;
  return {
    async pull(reference, options) {
      const { pullImage } = await import("./pull.ts");
      return await pullImage(context, reference, options);
    },
    async load(path, { platform, progress }) {
      const { load } = await import("../image/load.ts");
      const { layerTarget } = await import("./pull.ts");
      const { database } = context;
      const options = {
        rootDir: roots.data,
        database,
        target: layerTarget(context),
        path,
        platform,
        progress,
      };
      const loaded = await load(options);
      return loaded.flatMap(({ imageId, references }) => (references.length > 0 ? references : [imageId]));
    },
    async list({ filters, name }) {
      const { listSummaries } = await import("../image/list.ts");
      return listSummaries(context.database, { filters, name });
    },
    async remove(reference, { force }) {
      const { removeImage } = await import("../image/remove.ts");
      const { getContainer } = await import("../store/containers.ts");
      const isRunning = (id: string) => {
        const container = getContainer(context.database, id) as Container | undefined;
        return container !== undefined && statusOf(context, container).stage === "running";
      };
      return removeImage(context.database, roots.data, reference, { force, isRunning });
    },
    async inspect(reference) {
      const { inspectImage } = await import("../image/inspect.ts");
      return inspectImage(context.database, roots.data, reference);
    },
  };
}
