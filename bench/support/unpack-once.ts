/** One layer into a new data root, as `load` and `pull` do it: `bun unpack-once.ts ROOT BLOB DIFF_ID`. */
import { LayerUnpacker } from "../../src/image/unpack.ts";
import type { ChainId } from "../../src/spec/chain-id.ts";
import { parseDigest } from "../../src/spec/digest.ts";
import { openDatabase } from "../../src/store/database.ts";
import { LayerStore } from "../../src/store/layers.ts";
import { storePaths } from "../../src/store/layout.ts";

const [root = "", path = "", diffIdText = ""] = process.argv.slice(2);
const diffId = parseDigest(diffIdText);
const unpacker = new LayerUnpacker(new LayerStore(openDatabase(root), storePaths(root)));
await unpacker.unpack({
  path,
  mediaType: "",
  diffId,
  chainId: diffId as ChainId,
  below: [],
  belowReady: Promise.resolve(),
});
