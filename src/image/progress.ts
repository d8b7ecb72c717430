/** Docker's words for the stages of a layer on its way in. */
export type LayerStatus =
  | "Pulling fs layer"
  | "Waiting"
  | "Downloading"
  | "Verifying Checksum"
  | "Download complete"
  | "Extracting"
  | "Pull complete"
  | "Already exists";

/** What comes to be known while an image is brought in. Whoever shows it decides how often. */
export interface PullProgress {
  /** A line about the image as a whole: `latest: Pulling from library/alpine`. */
  message(text: string): void;
  /**
   * A layer has come further.
   *
   * @param id the first 12 digits of its digest
   * @param bytes how many are done and how many there are, for the two stages that take time
   */
  layer(id: string, status: LayerStatus, bytes?: { readonly current: number; readonly total: number }): void;
}

/** For whoever does not want to know. */
export const SILENT: PullProgress = { message() {}, layer() {} };
