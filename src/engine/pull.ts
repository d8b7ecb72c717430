import { pull } from "../image/pull.ts";
import { LayerUnpacker } from "../image/unpack.ts";
import { VERSION } from "../lib/version.ts";
import { DockerConfigFile } from "../registry/credentials.ts";
import { LayerStore } from "../store/layers.ts";
import { storePaths } from "../store/layout.ts";
import type { EngineContext } from "./context.ts";
import type { PullRequest } from "./types.ts";

/** Where layers of this store are unpacked to. */
export function layerTarget({ database, roots }: EngineContext): LayerUnpacker {
  return new LayerUnpacker(new LayerStore(database, storePaths(roots.data)));
}

/** Brings an image from a registry. */
export async function pullImage(context: EngineContext, reference: string, request: PullRequest) {
  return await pull(reference, {
    rootDir: context.roots.data,
    database: context.database,
    target: layerTarget(context),
    registry: {
      userAgent: `mini-docker/${VERSION}`,
      credentials: new DockerConfigFile(),
      insecureRegistries: request.insecureRegistries,
    },
    platform: request.platform,
    progress: request.progress,
  });
}
