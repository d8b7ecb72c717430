/** Media types of the image spec and of docker's older formats, by what they name. */
export const MediaType = {
  OCI_INDEX: "application/vnd.oci.image.index.v1+json",
  OCI_MANIFEST: "application/vnd.oci.image.manifest.v1+json",
  OCI_CONFIG: "application/vnd.oci.image.config.v1+json",
  OCI_LAYER: "application/vnd.oci.image.layer.v1.tar",
  OCI_LAYER_GZIP: "application/vnd.oci.image.layer.v1.tar+gzip",
  OCI_LAYER_ZSTD: "application/vnd.oci.image.layer.v1.tar+zstd",
  DOCKER_INDEX: "application/vnd.docker.distribution.manifest.list.v2+json",
  DOCKER_MANIFEST: "application/vnd.docker.distribution.manifest.v2+json",
  DOCKER_SCHEMA1: "application/vnd.docker.distribution.manifest.v1+json",
  DOCKER_SCHEMA1_SIGNED: "application/vnd.docker.distribution.manifest.v1+prettyjws",
  DOCKER_CONFIG: "application/vnd.docker.container.image.v1+json",
  DOCKER_LAYER: "application/vnd.docker.image.rootfs.diff.tar",
  DOCKER_LAYER_GZIP: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  DOCKER_LAYER_ZSTD: "application/vnd.docker.image.rootfs.diff.tar.zstd",
} as const;

/** What a client asks a registry for, in order of preference. */
export const MANIFEST_TYPES: readonly string[] = [
  MediaType.OCI_INDEX,
  MediaType.OCI_MANIFEST,
  MediaType.DOCKER_INDEX,
  MediaType.DOCKER_MANIFEST,
];

export type LayerCompression = "none" | "gzip" | "zstd";

const LAYER_COMPRESSION: ReadonlyMap<string, LayerCompression> = new Map([
  [MediaType.OCI_LAYER, "none"],
  [MediaType.OCI_LAYER_GZIP, "gzip"],
  [MediaType.OCI_LAYER_ZSTD, "zstd"],
  [MediaType.DOCKER_LAYER, "none"],
  [MediaType.DOCKER_LAYER_GZIP, "gzip"],
  [MediaType.DOCKER_LAYER_ZSTD, "zstd"],
  ["application/vnd.oci.image.layer.nondistributable.v1.tar", "none"],
  ["application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "gzip"],
  ["application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "zstd"],
] as const);

/** A config of any of these types is an image's; registries hold charts, signatures and other things as well. */
const CONFIG_TYPES: ReadonlySet<string> = new Set([
  MediaType.OCI_CONFIG,
  MediaType.DOCKER_CONFIG,
  "application/octet-stream", // Early registries stored docker's configs under this type.
]);

/** How a layer of this media type is compressed, or `undefined` when it is no layer this program can unpack. */
export function layerCompression(mediaType: string): LayerCompression | undefined {
  return LAYER_COMPRESSION.get(mediaType);
}

/** Whether the type names an image's configuration. */
export function isImageConfigType(mediaType: string): boolean {
  return CONFIG_TYPES.has(mediaType);
}

/** Whether the type names a list of manifests, one a platform. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MediaType.OCI_INDEX || mediaType === MediaType.DOCKER_INDEX;
}

/** Whether the type names the manifest of one image. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === MediaType.OCI_MANIFEST || mediaType === MediaType.DOCKER_MANIFEST;
}

/** A Content-Type header without its parameters, lower case; `""` when there is none. */
export function baseMediaType(contentType: string | null | undefined): string {
  return (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
}
