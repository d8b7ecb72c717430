import { readdirSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import { findImage, isDirectoryReference } from "../image/resolve.ts";
import { familiarReference, parseReference, withDefaultTag } from "../spec/reference.ts";
import { findContainer, listContainers } from "../store/containers.ts";
import type { Container, EngineContext } from "./context.ts";
import { reconcile } from "./finish.ts";
import { stateName, type Status, statusOf } from "./status.ts";
import type { ContainerSummary, Filters, ListOptions } from "./types.ts";

/** The containers that `ps` shows: those that run, or all, or the newest; the newest first. */
export function listContainerSummaries(context: EngineContext, options: ListOptions): ContainerSummary[] {
  reconcile(context);
  const { all, filters, last, size } = options;
  const rows = listContainers(context.database) as Container[];
  const isAll = all || last !== undefined || filters.has("status") || filters.has("exited");
  const keep = containerFilter(context, filters);
  const found: ContainerSummary[] = [];
  for (const container of rows) {
    if (last !== undefined && last >= 0 && found.length >= last) break;
    const status = statusOf(context, container);
    const summary = summarize(context, container, status);
    if (!isAll && summary.state !== "running" && summary.state !== "paused") continue;
    if (keep(summary, container)) found.push(size ? withSize(context, summary) : summary);
  }
  return found;
}

function summarize(context: EngineContext, container: Container, status: Status): ContainerSummary {
  const { config } = container;
  const { networkMode, mounts } = config.host;
  const finishedAt = status.finishedAt ?? container.finishedAt ?? undefined;
  return {
    id: container.id,
    name: container.name,
    image: config.image,
    imageId: container.imageId,
    command: [...config.process.entrypoint, ...config.process.cmd].join(" "),
    createdAt: container.createdAt,
    state: stateName(context, container, status),
    ...(container.startedAt ? { startedAt: container.startedAt } : {}),
    ...(finishedAt ? { finishedAt } : {}),
    exitCode: status.exitCode ?? container.exitCode ?? 0,
    labels: config.labels,
    mounts: mounts.map((mount) => (mount.type === "bind" ? mount.source : mount.target)),
    networks: networkMode.startsWith("container:") ? [] : [networkMode],
  };
}

type Keep = (summary: ContainerSummary, container: Container) => boolean;

/**
 * Reads `--filter`: values of one name are alternatives, names add up.
 *
 * @throws {UsageError} for a filter or value that docker does not know
 * @throws {NotFoundError} when `before` or `since` names no container
 */
function containerFilter(context: EngineContext, filters: Filters): Keep {
  const parts = [...filters].map(([name, values]) => {
    const matches = values.map((value) => matcher(context, name, value));
    // A container must have all the labels that are asked for, but only one of the names.
    const all = name === "label";
    return (...args: Parameters<Keep>) =>
      all ? matches.every((match) => match(...args)) : matches.some((match) => match(...args));
  });
  return (...args) => parts.every((part) => part(...args));
}

function matcher(context: EngineContext, name: string, value: string): Keep {
  switch (name) {
    case "id":
      return ({ id }) => id.startsWith(value);
    case "name": {
      const pattern = namePattern(value);
      return ({ name: own }) => pattern.test(own) || pattern.test(`/${own}`);
    }
    case "label": {
      const equals = value.indexOf("=");
      const [key, wanted] =
        equals < 0 ? [value, undefined] : [value.slice(0, equals), value.slice(equals + 1)];
      return ({ labels }) => key in labels && (wanted === undefined || labels[key] === wanted);
    }
    case "status":
      return statusMatcher(value);
    case "exited":
      return ({ state, exitCode }, { startedAt }) =>
        state === "exited" && startedAt !== null && exitCode === Number(value);
    case "ancestor":
      return ancestorMatcher(context, value);
    case "before":
    case "since": {
      const { createdAt } = findContainer(context.database, value);
      return (summary) => (name === "before" ? summary.createdAt < createdAt : summary.createdAt > createdAt);
    }
    case "network":
      return ({ networks }) => networks.includes(value);
    case "volume":
      return (_, { config }) =>
        config.host.mounts.some(
          (mount) => mount.target === value || (mount.type === "bind" && mount.source === value),
        );
    default:
      throw new UsageError(`invalid filter '${name}'`);
  }
}

const STATES = ["created", "restarting", "running", "removing", "paused", "exited", "dead"];

function statusMatcher(value: string): Keep {
  if (!STATES.includes(value)) {
    throw new UsageError(`invalid filter 'status=${value}'`, { hint: `Choose one of ${STATES.join(", ")}` });
  }
  return ({ state }) => state === value;
}

function ancestorMatcher({ database, roots }: EngineContext, value: string): Keep {
  try {
    const { id } = findImage(database, roots.data, value);
    return ({ imageId }) => imageId === id;
  } catch {
    const canonical = (text: string) => {
      return isDirectoryReference(text) ? text : familiarReference(withDefaultTag(parseReference(text)));
    };
    return ({ image }) => image === value || canonical(image) === canonical(value);
  }
}

function namePattern(value: string): RegExp {
  try {
    return new RegExp(value);
  } catch (cause) {
    throw new UsageError(`invalid filter 'name=${value}': not a regular expression`, { cause });
  }
}

function withSize(context: EngineContext, summary: ContainerSummary): ContainerSummary {
  const sizeRwBytes = treeBytes(context.paths(summary.id).upper);
  const row = context.database
    .query("SELECT size_bytes AS size FROM images WHERE id = ?")
    .get(summary.imageId);
  const imageBytes = (row as { size: number } | null)?.size ?? 0;
  return { ...summary, sizeRwBytes, sizeRootBytes: sizeRwBytes + imageBytes };
}

/** Bytes in the files of a tree; links are not followed. */
export function treeBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += treeBytes(path);
    else if (entry.isFile()) bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
