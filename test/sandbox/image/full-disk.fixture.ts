/** Unpacks a layer to a file system that is too small, and says how that failed and what was left. */
import { mkdirSync, readdirSync } from "node:fs";
import { LayerUnpacker } from "../../../src/image/unpack.ts";
import type { ChainId } from "../../../src/spec/chain-id.ts";
import type { Digest } from "../../../src/spec/digest.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { LayerStore } from "../../../src/store/layers.ts";
import { storePaths } from "../../../src/store/layout.ts";

const [root = "", path = "", diffId = ""] = process.argv.slice(2);
mkdirSync(root);
if (Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", root]).exitCode !== 0)
  throw new Error("no mount");
const unpacker = new LayerUnpacker(new LayerStore(openDatabase(root), storePaths(root)));
const outcome = await unpacker
  .unpack({
    path,
    mediaType: "",
    diffId: diffId as Digest,
    chainId: diffId as ChainId,
    below: [],
    belowReady: Promise.resolve(),
  })
  .then(
    () => ({ name: "", message: "" }),
    (error: Error) => ({ name: error.name, message: error.message }),
  );
console.log(JSON.stringify({ ...outcome, left: readdirSync(`${root}/layers`) }));
