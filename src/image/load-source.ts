/** The files of a saved image, wherever they are: in an archive that streams by, or in a folder. */
import type { SpooledBlob } from "../store/blob-spool.ts";

export interface LoadSource extends Disposable {
  /** What the user called it, for messages. */
  readonly subject: string;
  /** A file as a blob of our own, its digest known; links inside the source are followed. The same name, same blob. */
  find(name: string): SpooledBlob | undefined;
}

/** The most a file of either format is named: nothing deeper is looked for. */
export const LINKS_MAX = 10;
