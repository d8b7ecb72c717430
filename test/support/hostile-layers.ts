/**
 * Layers that try to reach outside their folder, to hide what they should not, or to confuse whoever unpacks them.
 *
 * Next to the layer's folder lies `outside`, with a file `secret`: none of these may touch or read it. The names after
 * "as in" are advisories of tools that once fell for it.
 */
import { paxHeader } from "../../src/archive/tar-writer.ts";
import { type ArchivePart, rawHeader, tarOf } from "./tar-archive.ts";

export interface HostileLayer {
  readonly name: string;
  readonly archive: Uint8Array;
  /** What the error says; left out where the layer is to be unpacked, harmlessly. */
  readonly refused?: RegExp;
}

const dir = (path: string): ArchivePart => ({ path, type: "directory" });
const file = (path: string, content = "evil"): ArchivePart => ({ path, content });
const symlink = (path: string, linkPath: string): ArchivePart => ({ path, type: "symlink", linkPath });
const hardlink = (path: string, linkPath: string): ArchivePart => ({ path, type: "hardlink", linkPath });
const device = (path: string, deviceMajor: number, deviceMinor: number): ArchivePart => ({
  path,
  type: "character",
  deviceMajor,
  deviceMinor,
});
const refused = (name: string, reason: RegExp, ...parts: readonly ArchivePart[]): HostileLayer => ({
  name,
  refused: reason,
  archive: tarOf(...parts),
});
const harmless = (name: string, ...parts: readonly ArchivePart[]): HostileLayer => ({
  name,
  archive: tarOf(...parts),
});

const CLIMBS = /climbs with "\.\."/;

/** Every one of them, with the path of `outside` for those that name it absolutely. */
export function hostileLayers(outside: string): readonly HostileLayer[] {
  return [
    refused("a file that climbs, as in CVE-2001-1267", CLIMBS, file("../outside/secret")),
    refused("a file that climbs from a folder", CLIMBS, dir("a"), file("a/../../outside/secret")),
    refused("a file that climbs and comes back", CLIMBS, file("../layer/ok")),
    refused("a folder that climbs", CLIMBS, dir("../outside")),
    refused("a path that is .. alone", CLIMBS, dir("..")),
    refused("a path that ends in ..", CLIMBS, dir("a/..")),
    refused("a climbing path behind a pax header", CLIMBS, pax({ path: "../outside/secret" }), rawHeader()),
    refused("a symbolic link that climbs by its own name", CLIMBS, symlink("../outside/link", "x")),
    refused("a hard link that climbs by its own name", CLIMBS, file("f"), hardlink("../outside/link", "f")),
    refused("a device that climbs", CLIMBS, device("../outside/null", 1, 3)),
    refused("a hard link to a file outside, as in CVE-2015-5288", CLIMBS, hardlink("l", "../outside/secret")),
    refused(
      "a hard link to an absolute path outside",
      /not in the layer/,
      hardlink("l", `${outside}/secret`),
    ),
    refused(
      "a hard link through a symbolic link outside",
      /not in the layer/,
      symlink("s", outside),
      hardlink("l", "s/secret"),
    ),
    refused("a hard link to the layer's root", /not in the layer/, hardlink("l", "/")),
    refused("a hard link to a folder", /not a file/, dir("d"), hardlink("l", "d")),
    refused("a hard link to a file that never comes", /not in the layer/, hardlink("l", "missing")),
    refused("a hard link to itself", /not in the layer/, hardlink("l", "l")),
    refused("a hard link to a whiteout", /not a file/, file(".wh.gone", ""), hardlink("l", "gone")),
    harmless("an absolute path", file(`${outside}/secret`)),
    harmless(
      "a file through a symbolic link to an absolute folder, as in CVE-2019-14271",
      symlink("s", outside),
      file("s/secret"),
    ),
    harmless("a file through a relative symbolic link outside", symlink("s", "../outside"), file("s/secret")),
    harmless(
      "a file through a chain of symbolic links, as in CVE-2021-30465",
      symlink("a", "b"),
      symlink("b", ".."),
      file("a/outside/secret"),
    ),
    harmless(
      "a file through links that climb in steps",
      dir("d"),
      symlink("d/u", ".."),
      file("d/u/u/../outside/x".replace("/..", "")),
    ),
    harmless(
      "a file over a symbolic link to a file outside, as in CVE-2024-23651",
      symlink("s", `${outside}/secret`),
      file("s"),
    ),
    harmless(
      "a folder over a symbolic link to a folder outside, as in CVE-2021-32803",
      symlink("s", outside),
      dir("s"),
      file("s/secret"),
    ),
    harmless("a mode for a folder that is a symbolic link", symlink("s", outside), {
      path: "s/.",
      type: "directory",
      mode: 0o777,
    }),
    harmless("an owner for a symbolic link to a file outside", {
      path: "s",
      type: "symlink",
      linkPath: `${outside}/secret`,
      uid: 1000,
      gid: 1000,
    }),
    harmless("an attribute for a symbolic link to a file outside", {
      path: "s",
      type: "symlink",
      linkPath: `${outside}/secret`,
      xattrs: new Map([["user.evil", Buffer.from("1")]]),
    }),
    harmless(
      "a hard link to a symbolic link to a file outside, then a file over it",
      symlink("s", `${outside}/secret`),
      hardlink("l", "s"),
      file("l"),
    ),
    harmless(
      "a whiteout through a symbolic link to a folder outside",
      symlink("s", outside),
      file("s/.wh.secret", ""),
    ),
    harmless(
      "an opaque whiteout through a symbolic link outside",
      symlink("s", outside),
      file("s/.wh..wh..opq", ""),
    ),
    harmless(
      "a symbolic link into /proc, and a file through it",
      symlink("p", "/proc/self/root"),
      file("p/tmp/x"),
    ),
    refused(
      "a loop of symbolic links in a path",
      /symbolic links/,
      symlink("a", "b"),
      symlink("b", "a"),
      file("a/x"),
    ),
    refused("a whiteout of the folder above, .wh...", /names no file/, file(".wh...", "")),
    refused("a whiteout of the folder itself, .wh..", /names no file/, file("d/.wh..", "")),
    refused("a whiteout of nothing", /names no file/, file("d/.wh.", "")),
    refused("a folder that is a whiteout of nothing", /names no file/, dir(".wh.")),
    refused("a path through a whiteout", /through a whiteout/, file(".wh.d/x")),
    refused("a device 0:0, which would be a whiteout", /device 0:0/, device("usr", 0, 0)),
    refused("a file below a file", /not a folder/, file("f"), file("f/x")),
    refused("a file in place of the layer's root", /layer's root/, file("./")),
    refused("a symbolic link in place of the layer's root", /layer's root/, symlink("/", outside)),
    refused("a path part longer than a name can be", /ENAMETOOLONG/, file("n".repeat(256))),
    refused(
      "a sparse file of a petabyte",
      /sparse/,
      rawHeader({ typeFlag: "S" }, { 483: "7777777777777\0".slice(0, 12) }),
    ),
    refused("a file of a petabyte", /out of range/, pax({ size: String(2 ** 50) }), rawHeader()),
    harmless("overlayfs attributes, which redirect a folder", {
      path: "d",
      type: "directory",
      xattrs: new Map([
        ["trusted.overlay.redirect", Buffer.from("/outside")],
        ["trusted.overlay.opaque", Buffer.from("y")],
        ["user.overlay.opaque", Buffer.from("y")],
      ]),
    }),
    harmless(
      "aufs's bookkeeping",
      dir(".wh..wh.plnk"),
      file(".wh..wh.plnk/123.456"),
      file(".wh..wh.aufs", ""),
    ),
  ];
}

function pax(records: Readonly<Record<string, string>>): Uint8Array {
  return paxHeader(new Map(Object.entries(records).map(([key, value]) => [key, Buffer.from(value)])));
}
