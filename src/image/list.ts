import type { Database } from "bun:sqlite";
import { NotFoundError, UsageError } from "../errors.ts";
import { familiarName, familiarReference, parseReference } from "../spec/reference.ts";
import { findImageId, type ImageRecord, listImages, listReferences } from "../store/images.ts";

/** An image as `images` shows it. */
export interface ImageSummary {
  readonly id: string;
  /** Familiar names with tags; none for an image without a name. */
  readonly tags: readonly string[];
  /** Familiar names with digests. */
  readonly repoDigests: readonly string[];
  /** Of the manifest, or of the index it came by. */
  readonly digest?: string;
  readonly createdAt: string;
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ListOptions {
  /** `--filter` as given: each name with its values. */
  readonly filters?: ReadonlyMap<string, readonly string[]> | undefined;
  /** A repository, with or without a tag: `images alpine`. */
  readonly name?: string | undefined;
}

type Filter = (image: ImageSummary) => boolean;

/**
 * Lists images, the newest build first. With filters that name references, an image keeps only the names that fit.
 *
 * @throws {UsageError} for a filter that docker does not know or a value it cannot be   @throws {NotFoundError} when
 *   an image that a filter names does not exist
 */
export function listSummaries(database: Database, options: ListOptions = {}): ImageSummary[] {
  const filters = options.filters ?? new Map<string, readonly string[]>();
  const patterns = [
    ...(filters.get("reference") ?? []),
    ...(options.name === undefined ? [] : [options.name]),
  ];
  const keep = [...filters]
    .filter(([name]) => name !== "reference")
    .map(([name, values]) => filterOf(database, name, values));
  return summarize(database)
    .map((image) => (patterns.length === 0 ? image : withNames(image, patterns)))
    .filter((image) => patterns.length === 0 || image.tags.length > 0)
    .filter((image) => keep.every((filter) => filter(image)));
}

function summarize(database: Database): ImageSummary[] {
  const names = new Map<string, string[]>();
  for (const { reference, imageId } of listReferences(database)) {
    const list = names.get(imageId);
    if (list === undefined) names.set(imageId, [reference]);
    else list.push(reference);
  }
  return listImages(database).map((record) => summaryOf(record, names.get(record.id) ?? []));
}

function summaryOf(record: ImageRecord, references: readonly string[]): ImageSummary {
  const familiar = references.map((text) => familiarReference(parseReference(text)));
  const repoDigests = familiar.filter((text) => text.includes("@"));
  return {
    id: record.id,
    tags: familiar.filter((text) => !text.includes("@")),
    repoDigests,
    digest: repoDigests[0]?.split("@")[1] ?? record.manifestDigest,
    createdAt: record.createdAt,
    sizeBytes: record.sizeBytes,
    labels: record.config.Labels ?? {},
  };
}

function filterOf(database: Database, name: string, values: readonly string[]): Filter {
  switch (name) {
    case "dangling": {
      const wanted = values.map(parseBoolean);
      return ({ tags }) => wanted.every((isDangling) => isDangling === (tags.length === 0));
    }
    case "label":
      return ({ labels }) => values.every((value) => hasLabel(labels, value));
    case "before":
    case "since": {
      const times = values.map((value) => createdAt(database, value));
      const isOlder = name === "before";
      return (image) =>
        times.every((time) =>
          isOlder ? compareTimes(image.createdAt, time) < 0 : compareTimes(image.createdAt, time) > 0,
        );
    }
    default:
      throw new UsageError(`invalid filter '${name}'`, {
        hint: "Filters of images are before, dangling, label, reference and since",
      });
  }
}

function parseBoolean(text: string): boolean {
  if (/^(?:1|t|true)$/i.test(text)) return true;
  if (/^(?:0|f|false)$/i.test(text)) return false;
  throw new UsageError(`invalid filter 'dangling=${text}'`, { hint: "Give true or false" });
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(wanted)!;
  return Object.hasOwn(labels, name) && (value === undefined || labels[name] === value);
}

function createdAt(database: Database, reference: string): string {
  const id = findImageId(database, reference);
  const record = listImages(database).find((image) => image.id === id);
  if (record === undefined) throw new NotFoundError(`No such image: ${reference}`);
  return record.createdAt;
}

function compareTimes(left: string, right: string): number {
  return Date.parse(left) - Date.parse(right);
}

function withNames(image: ImageSummary, patterns: readonly string[]): ImageSummary {
  return { ...image, tags: image.tags.filter((tag) => patterns.some((pattern) => matches(tag, pattern))) };
}

/** Docker's pattern: a shell glob over the familiar name, with or without its tag; `*` stops at a slash. */
function matches(tag: string, pattern: string): boolean {
  const reference = parseReference(tag);
  const glob = new Bun.Glob(pattern.replace(/^docker\.io\/(library\/)?/, ""));
  return glob.match(familiarName(reference)) || glob.match(tag);
}
