import { humanDuration } from "../../lib/duration.ts";
import { humanSize } from "../../lib/size.ts";
import type { ContainerSummary } from "../../engine/types.ts";
import { Row } from "./list.ts";

const SHORT_ID = 12;
const SHORT_COMMAND = 20;
const SHORT_MOUNT = 15;

/** The columns of `ps`. */
export function containerColumns(withSize: boolean): string {
  const columns = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";
  return withSize ? `${columns}\t{{.Size}}` : columns;
}

/** The header of each field that `ps --format` knows. */
export const containerHeaders = {
  ID: "CONTAINER ID",
  Names: "NAMES",
  Image: "IMAGE",
  Command: "COMMAND",
  CreatedAt: "CREATED AT",
  RunningFor: "CREATED",
  Ports: "PORTS",
  State: "STATE",
  Status: "STATUS",
  Size: "SIZE",
  Labels: "LABELS",
  Mounts: "MOUNTS",
  LocalVolumes: "LOCAL VOLUMES",
  Networks: "NETWORKS",
  Platform: "PLATFORM",
};

export interface RowOptions {
  readonly nowMs: number;
  /** Whether IDs, commands and mounts are cut to what fits a table. */
  readonly truncate: boolean;
}

/** One line of `ps`. */
export class ContainerRow extends Row {
  override readonly goType = "*formatter.ContainerContext";
  readonly #container: ContainerSummary;
  readonly #options: RowOptions;

  constructor(container: ContainerSummary, options: RowOptions) {
    super();
    this.#container = container;
    this.#options = options;
  }

  get ID(): string {
    return this.#options.truncate ? this.#container.id.slice(0, SHORT_ID) : this.#container.id;
  }
  get Names(): string {
    return this.#container.name;
  }
  get Image(): string {
    return this.#container.image;
  }
  get Command(): string {
    const { command } = this.#container;
    return JSON.stringify(this.#options.truncate ? shorten(command, SHORT_COMMAND) : command);
  }
  get CreatedAt(): string {
    return goTime(this.#container.createdAt);
  }
  get RunningFor(): string {
    return `${humanDuration(this.#since(this.#container.createdAt))} ago`;
  }
  /** Published ports. */
  get Ports(): string {
    return "";
  }
  get State(): string {
    return this.#container.state;
  }
  get Status(): string {
    const { state, exitCode, startedAt, finishedAt } = this.#container;
    const up = () => `Up ${humanDuration(this.#since(startedAt))}`;
    switch (state) {
      case "running":
        return up();
      case "paused":
        return `${up()} (Paused)`;
      case "exited":
        return `Exited (${exitCode}) ${humanDuration(this.#since(finishedAt))} ago`;
      default:
        return state.charAt(0).toUpperCase() + state.slice(1);
    }
  }
  get Size(): string {
    const { sizeRwBytes = 0, sizeRootBytes = 0 } = this.#container;
    const virtual = sizeRootBytes > 0 ? ` (virtual ${humanSize(sizeRootBytes)})` : "";
    return humanSize(sizeRwBytes) + virtual;
  }
  get Labels(): string {
    const entries = Object.entries(this.#container.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([name, value]) => `${name}=${value}`).join(",");
  }
  Label(name: string): string {
    const { labels } = this.#container;
    return Object.hasOwn(labels, name) ? labels[name]! : "";
  }
  get Mounts(): string {
    const { mounts } = this.#container;
    return mounts.map((mount) => (this.#options.truncate ? shorten(mount, SHORT_MOUNT) : mount)).join(",");
  }
  get LocalVolumes(): string {
    return "0";
  }
  get Networks(): string {
    return this.#container.networks.join(",");
  }
  get Platform(): null {
    return null;
  }

  override toJSON(): Record<string, unknown> {
    const names = Object.keys(containerHeaders).sort() as (keyof typeof containerHeaders)[];
    return Object.fromEntries(names.map((name) => [name, this[name]]));
  }

  #since(moment: string | undefined): number {
    return moment === undefined ? 0 : Math.max(0, this.#options.nowMs - Date.parse(moment));
  }
}

/** Cuts a text to a width; the cut shows as `…`. */
function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

/** A moment as Go prints it: `2026-11-24 04:07:08 +0000 UTC`. */
export function goTime(moment: string): string {
  return `${moment.slice(0, 10)} ${moment.slice(11, 19)} +0000 UTC`;
}
