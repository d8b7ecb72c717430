/** What a tar archive says of one file. Names are bytes: an archive may hold any that a file system holds. */
export interface TarEntry {
  readonly type: TarEntryType;
  /** As written, without the trailing slashes of a folder; may be absolute or climb: the reader does not judge. */
  readonly path: Uint8Array;
  /** The target of a symbolic link, or the path of a hard link's other name; empty for anything else. */
  readonly linkPath: Uint8Array;
  /** Permissions with setuid, setgid and sticky: twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow; 0 for anything but a file. */
  readonly sizeBytes: number;
  readonly modifiedAt: TarTime;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes by name, `security.capability`. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

export type TarEntryType = "file" | "hardlink" | "symlink" | "character" | "block" | "directory" | "fifo";

/** Seconds since 1970, which may be negative, and 0 to 999,999,999 nanoseconds after them. */
export interface TarTime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}
