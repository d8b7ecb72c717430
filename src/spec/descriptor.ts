import * as v from "valibot";
import { type Digest, isDigest } from "./digest.ts";

export const DigestSchema = v.pipe(
  v.string(),
  v.check(isDigest, "not a canonical sha256 or sha512 digest"),
  v.transform((text) => text as Digest),
);

/** A size in bytes that arithmetic can be trusted with. */
export const SizeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A field that older tools write as `null` where the spec leaves it out. */
export function absentable<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(
    v.pipe(
      v.nullable(schema),
      v.transform((value) => value ?? undefined),
    ),
  );
}

export const PlatformSchema = v.object({
  architecture: v.string(),
  os: v.string(),
  variant: absentable(v.string()),
});

/** @see image-spec descriptor.md */
export const DescriptorSchema = v.object({
  mediaType: v.string(),
  digest: DigestSchema,
  size: SizeSchema,
  annotations: absentable(v.record(v.string(), v.string())),
  platform: absentable(PlatformSchema),
});

/** Points at a blob: its type, digest and exact size. */
export type Descriptor = v.InferOutput<typeof DescriptorSchema>;

/** The first problem of a refused document as `path: message`. */
export function firstIssue(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const path = v.getDotPath(issues[0]);
  return path === null ? issues[0].message : `${path}: ${issues[0].message}`;
}
