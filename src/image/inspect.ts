import type { Database } from "bun:sqlite";
import { CONFIG_LIMIT_BYTES, type ImageConfig, parseImageConfig } from "../spec/image-config.ts";
import { familiarReference, parseReference } from "../spec/reference.ts";
import { ContentStore } from "../store/content.ts";
import { findImageRecord, layerDirectoriesOf, layersOf, referencesOf } from "../store/images.ts";
import { storePaths } from "../store/layout.ts";

/**
 * An image as `docker image inspect` shows it.
 *
 * @returns an object with docker's keys, ready for JSON and templates
 * @throws {NotFoundError} no such image   @throws {InvalidDataError} when its config is damaged on disk
 */
export function inspectImage(database: Database, rootDir: string, text: string): Record<string, unknown> {
  const record = findImageRecord(database, text);
  const paths = storePaths(rootDir);
  const content = new ContentStore(paths);
  const layerCount = layersOf(database, record.id).length;
  const config = parseImageConfig(content.read(record.id, CONFIG_LIMIT_BYTES), layerCount, record.id);
  const names = referencesOf(database, record.id).map((name) => familiarReference(parseReference(name)));
  const directories = layerDirectoriesOf(database, record.id).map((name) => `${paths.layers}/${name}`);
  return {
    Id: record.id,
    RepoTags: names.filter((name) => !name.includes("@")),
    RepoDigests: names.filter((name) => name.includes("@")),
    Parent: "",
    Comment: config.history?.at(-1)?.comment ?? "",
    Created: config.created ?? record.createdAt,
    DockerVersion: "",
    Author: config.author ?? "",
    Config: dockerConfig(config),
    Architecture: config.architecture,
    ...(config.variant !== undefined && { Variant: config.variant }),
    Os: config.os,
    Size: record.sizeBytes,
    GraphDriver: { Name: "overlay2", Data: graphData(directories) },
    RootFS: { Type: "layers", Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: record.registeredAt },
  };
}

/** Docker shows what an image leaves out as empty or null. */
function dockerConfig({ config = {} }: ImageConfig): Record<string, unknown> {
  return {
    User: config.User ?? "",
    ...(config.ExposedPorts !== undefined && { ExposedPorts: config.ExposedPorts }),
    Env: config.Env ?? null,
    Cmd: config.Cmd ?? null,
    ...(config.Healthcheck !== undefined && { Healthcheck: config.Healthcheck }),
    Volumes: config.Volumes ?? null,
    WorkingDir: config.WorkingDir ?? "",
    Entrypoint: config.Entrypoint ?? null,
    OnBuild: config.OnBuild ?? null,
    Labels: config.Labels ?? null,
    ...(config.StopSignal !== undefined && { StopSignal: config.StopSignal }),
    ...(config.Shell !== undefined && { Shell: config.Shell }),
  };
}

function graphData(directories: readonly string[]): Record<string, string> {
  const [top = "", ...lower] = directories;
  return lower.length === 0 ? { UpperDir: top } : { LowerDir: lower.join(":"), UpperDir: top };
}
