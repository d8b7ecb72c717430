import * as v from "valibot";
import { InvalidDataError } from "../errors.ts";
import { absentable, DigestSchema, firstIssue } from "./descriptor.ts";
import { parseJson } from "./json.ts";
import { LAYER_LIMIT } from "./manifest.ts";

/** Configs are a few KB; a history of hundreds of steps with long scripts stays far below this. */
export const CONFIG_LIMIT_BYTES = 8 * 1024 * 1024;

const Strings = absentable(v.array(v.string()));
const Text = absentable(v.string());
const KeySet = absentable(v.record(v.string(), v.unknown()));

const Healthcheck = v.object({
  Test: Strings,
  Interval: absentable(v.number()),
  Timeout: absentable(v.number()),
  StartPeriod: absentable(v.number()),
  StartInterval: absentable(v.number()),
  Retries: absentable(v.number()),
});

const RunConfigSchema = v.object({
  User: Text,
  ExposedPorts: KeySet,
  Env: Strings,
  Entrypoint: Strings,
  Cmd: Strings,
  Volumes: KeySet,
  WorkingDir: Text,
  Labels: absentable(v.record(v.string(), v.string())),
  StopSignal: Text,
  Healthcheck: absentable(Healthcheck),
  OnBuild: Strings,
  Shell: Strings,
});

const HistorySchema = v.object({
  created: Text,
  created_by: Text,
  author: Text,
  comment: Text,
  empty_layer: absentable(v.boolean()),
});

const ImageConfigSchema = v.object({
  architecture: v.string(),
  os: v.string(),
  variant: Text,
  created: Text,
  author: Text,
  config: absentable(RunConfigSchema),
  rootfs: v.object({
    type: v.literal("layers"),
    diff_ids: v.pipe(v.array(DigestSchema), v.maxLength(LAYER_LIMIT, `more than ${LAYER_LIMIT} layers`)),
  }),
  history: absentable(v.array(HistorySchema)),
});

/** What containers of the image run as, unless told otherwise. Keys are the spec's. */
export type RunConfig = v.InferOutput<typeof RunConfigSchema>;

/** One build step, as `history` shows it. */
export type HistoryEntry = v.InferOutput<typeof HistorySchema>;

/** The document whose digest is the image's ID. */
export type ImageConfig = v.InferOutput<typeof ImageConfigSchema>;

/**
 * Parses an image config. Fields that are `null`, as docker writes them, are left out.
 *
 * @param layerCount what the manifest says; the config must have as many diffIDs
 * @throws {InvalidDataError} when it breaks the spec or the counts differ
 * @see image-spec config.md
 */
export function parseImageConfig(bytes: Uint8Array, layerCount: number, subject: string): ImageConfig {
  const document = parseJson(bytes, `config of ${subject}`, CONFIG_LIMIT_BYTES);
  const result = v.safeParse(ImageConfigSchema, document, { abortEarly: true });
  if (!result.success) {
    throw new InvalidDataError(`Cannot use config of ${subject}: ${firstIssue(result.issues)}`);
  }
  const { length } = result.output.rootfs.diff_ids;
  if (length !== layerCount) {
    throw new InvalidDataError(`Cannot use config of ${subject}: ${length} diffIDs for ${layerCount} layers`);
  }
  return withoutUndefined(result.output);
}

/** Drops keys whose value is undefined, so that a config survives JSON unchanged. */
function withoutUndefined(config: ImageConfig): ImageConfig {
  return JSON.parse(JSON.stringify(config)) as ImageConfig;
}
