import type { Arch } from "../../../ffi/abi/syscalls.ts";
import { DEFAULT_CAPABILITIES } from "../capabilities.ts";
import { compileProfile } from "./compile.ts";
import { DEFAULT_PROFILE } from "./default-profile.ts";

const ARCHES: readonly Arch[] = ["x86-64", "aarch64"];

/**
 * The source of default-filter.generated.ts: the default profile for the default capabilities, compiled for each
 * architecture. No rule of that profile asks for the kernel's version, so the filter fits every kernel.
 */
export function generateDefaultFilters(): string {
  const entries = ARCHES.map((arch) => {
    const target = { arch, capabilities: DEFAULT_CAPABILITIES, kernel: [0, 0] as const };
    const name = arch.includes("-") ? `"${arch}"` : arch;
    return `  ${name}:\n    "${compileProfile(DEFAULT_PROFILE, target).toBase64()}",\n`;
  });
  return [
    "/** Made from default-profile.ts by `bun scripts/generate-seccomp.ts`: struct sock_filter[] in base64. */\n",
    "export const DEFAULT_FILTERS = {\n",
    ...entries,
    "} as const;\n",
  ].join("");
}
