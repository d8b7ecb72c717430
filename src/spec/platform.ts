import { InvalidDataError } from "../errors.ts";

/** Where an image runs, in Go's names: `linux`, `amd64`, and for arm a variant. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

const COMPONENT = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

const OS_NAMES: ReadonlySet<string> = new Set(["linux", "windows", "darwin", "freebsd", "openbsd", "netbsd"]);

/** Names that other tools print for an architecture, and what the image spec calls it. */
const ALIASES: Readonly<Record<string, { readonly architecture: string; readonly variant?: string }>> = {
  i386: { architecture: "386" },
  x86_64: { architecture: "amd64" },
  "x86-64": { architecture: "amd64" },
  aarch64: { architecture: "arm64" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v6" },
};

/**
 * Parses `os/arch/variant`, `os/arch` or `arch`; what is left out is this machine's.
 *
 * @throws {InvalidDataError} when the text is none of these
 * @see image-spec image-index.md "platform"
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split("/");
  if (parts.length > 3 || !parts.every((part) => COMPONENT.test(part))) {
    throw new InvalidDataError(`Cannot use platform "${text}": not of the form os/arch[/variant]`, {
      hint: "Give a platform such as linux/amd64 or linux/arm64/v8",
    });
  }
  const [first = "", second, variant] = parts;
  if (second === undefined) {
    const isOs = OS_NAMES.has(first.toLowerCase());
    return isOs ? { ...hostPlatform(), os: first.toLowerCase() } : normalize("linux", first, undefined);
  }
  return normalize(first, second, variant);
}

/** This machine's platform. */
export function hostPlatform(): Platform {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  return normalize("linux", architecture, undefined);
}

/** A platform with aliases replaced and without variants that say nothing (`arm64/v8`, `amd64/v1`). */
export function normalizePlatform(platform: Platform): Platform {
  return normalize(platform.os, platform.architecture, platform.variant);
}

/** `os/arch` or `os/arch/variant`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * What else runs where `wanted` does, best first and starting with itself: older variants, then the 32-bit sibling.
 */
export function compatiblePlatforms(wanted: Platform): Platform[] {
  const { os, architecture, variant } = normalizePlatform(wanted);
  const arm = (newest: number) =>
    [8, 7, 6, 5].filter((v) => v <= newest).map((v) => ({ os, architecture: "arm", variant: `v${v}` }));
  if (architecture === "arm") return arm(Number(variant?.slice(1)));
  if (architecture === "arm64" && variant === undefined) return [{ os, architecture }, ...arm(8)];
  if (architecture !== "amd64") return [{ os, architecture, ...(variant !== undefined && { variant }) }];
  const level = variant === undefined ? 1 : Number(variant.slice(1));
  const levels = [4, 3, 2].filter((v) => v <= level).map((v) => ({ os, architecture, variant: `v${v}` }));
  return [...levels, { os, architecture }, { os, architecture: "386" }];
}

/** Whether two platforms name the same one, whatever the spelling. */
export function samePlatform(left: Platform, right: Platform): boolean {
  return formatPlatform(normalizePlatform(left)) === formatPlatform(normalizePlatform(right));
}

function normalize(osName: string, architectureName: string, variantName: string | undefined): Platform {
  const os = osName.toLowerCase();
  const lower = architectureName.toLowerCase();
  const alias = ALIASES[lower] ?? { architecture: lower };
  const { architecture } = alias;
  let variant = variantName?.toLowerCase() || alias.variant;
  if (variant !== undefined && /^\d$/.test(variant)) variant = `v${variant}`;
  if (architecture === "arm") variant ??= "v7";
  if (architecture === "arm64" && variant === "v8") variant = undefined;
  if (architecture === "amd64" && variant === "v1") variant = undefined;
  return { os, architecture, ...(variant !== undefined && { variant }) };
}
