import { humanDuration } from "../../lib/duration.ts";
import { humanSize } from "../../lib/size.ts";
import type { ImageSummary } from "../../image/list.ts";
import { goTime, type RowOptions } from "./container-row.ts";
import { Row } from "./list.ts";

const SHORT_ID = 12;

/** The columns of `images`. */
export function imageColumns(withDigest: boolean): string {
  const digest = withDigest ? "{{.Digest}}\t" : "";
  return `{{.Repository}}\t{{.Tag}}\t${digest}{{.ID}}\t{{.CreatedSince}}\t{{.Size}}`;
}

/** The header of each field that `images --format` knows. */
export const imageHeaders = {
  ID: "IMAGE ID",
  Repository: "REPOSITORY",
  Tag: "TAG",
  Digest: "DIGEST",
  CreatedAt: "CREATED AT",
  CreatedSince: "CREATED",
  Size: "SIZE",
  Containers: "CONTAINERS",
  VirtualSize: "SIZE",
  SharedSize: "SHARED SIZE",
  UniqueSize: "UNIQUE SIZE",
};

/** One line of `images`: an image under one of its names. */
export class ImageRow extends Row {
  override readonly goType = "*formatter.imageContext";
  readonly #image: ImageSummary;
  readonly #name: string | undefined;
  readonly #options: RowOptions;

  constructor(image: ImageSummary, name: string | undefined, options: RowOptions) {
    super();
    this.#image = image;
    this.#name = name;
    this.#options = options;
  }

  get ID(): string {
    const { id } = this.#image;
    return this.#options.truncate ? id.slice(id.indexOf(":") + 1).slice(0, SHORT_ID) : id;
  }
  get Repository(): string {
    return splitName(this.#name).repository;
  }
  get Tag(): string {
    return splitName(this.#name).tag;
  }
  get Digest(): string {
    return this.#image.digest ?? "<none>";
  }
  get CreatedAt(): string {
    return goTime(this.#image.createdAt);
  }
  get CreatedSince(): string {
    return `${humanDuration(Math.max(0, this.#options.nowMs - Date.parse(this.#image.createdAt)))} ago`;
  }
  get Size(): string {
    return humanSize(this.#image.sizeBytes);
  }
  get Containers(): string {
    return "N/A";
  }
  get VirtualSize(): string {
    return humanSize(this.#image.sizeBytes, 4);
  }
  get SharedSize(): string {
    return "N/A";
  }
  get UniqueSize(): string {
    return "N/A";
  }

  override toJSON(): Record<string, unknown> {
    const names = Object.keys(imageHeaders).sort() as (keyof typeof imageHeaders)[];
    return Object.fromEntries(names.map((name) => [name, this[name]]));
  }
}

/** Splits `host:5000/app:1` at its tag; a name with a digest has no tag. */
function splitName(name: string | undefined): { repository: string; tag: string } {
  const none = "<none>";
  if (name === undefined) return { repository: none, tag: none };
  const at = name.indexOf("@");
  if (at >= 0) return { repository: name.slice(0, at), tag: none };
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1);
  return colon < 0
    ? { repository: name, tag: none }
    : { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}
