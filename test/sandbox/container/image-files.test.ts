import { expect } from "bun:test";
import { join } from "node:path";
import { isRoot, testUnless } from "../../support/machine.ts";
import { inSandbox } from "../../support/sandbox.ts";
import { tempDir } from "../../support/temp-dir.ts";

interface Result {
  readonly ours: Record<string, string | null>;
  readonly kernels: Record<string, string | null>;
  readonly refused: string[];
  readonly folder: { readonly type: string };
  readonly tool: number;
}

// The opaque attribute is trusted.*, which takes CAP_SYS_ADMIN in the first user namespace.
const rootTest = testUnless(isRoot ? undefined : "needs root");

rootTest(
  "readImageFile() sees through layers what overlayfs shows of them, and refuses what is no small file",
  async () => {
    using dir = tempDir("image-files");

    const seen = await inSandbox<Result>(join(import.meta.dir, "image-files.fixture.ts"), dir.path);

    expect(seen.ours).toEqual({
      "/etc/passwd": "mid passwd",
      "etc/group": null,
      "/etc/motd": "motd",
      "/opaque/below": null,
      "/opaque/own": "own",
      "/replaced": "now a file",
      "/replaced/below": null,
      "/merged/a": "a of low",
      "/merged/b": "b of mid",
      "/bin/tool": "tool",
      "/bin/../../usr/./bin//tool": "tool",
      "/absolute": "mid passwd",
      "/usr/climbs": "mid passwd",
      "/loop": null,
      "/was-file/inside": "now a folder",
      "/missing/x": null,
      "/etc/passwd/x": null,
      "/../../etc/passwd": "mid passwd",
      "/usr/bin/tool/": null,
    });
    expect(seen.kernels).toEqual(seen.ours);
    expect(seen.refused).toEqual([
      'Cannot read "/fifo" of the image: not a regular file',
      'Cannot read "/etc" of the image: not a regular file',
      'Cannot read "/etc/passwd" of the image: 10 bytes, more than 3',
    ]);
    expect(seen.folder.type).toBe("directory");
    expect(seen.tool).toBe(4);
  },
);
