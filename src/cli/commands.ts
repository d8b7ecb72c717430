import type { Verb } from "./command.ts";

/** One line of the table of verbs. The module loads when the verb is called: start-up time is a feature. */
export interface CommandEntry {
  /** Every name, docker's full one first. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: Verb }>;
}

/** The words that group verbs, with the line that help shows. */
export const groups: Readonly<Record<string, string>> = {
  container: "Manage containers",
  image: "Manage images",
  system: "Manage mini-docker",
};

/** The verbs that root help shows first. */
export const commonVerbs: readonly string[] = [
  "run",
  "exec",
  "ps",
  "pull",
  "images",
  "explain",
  "version",
  "info",
];

export const commands: readonly CommandEntry[] = [
  {
    names: ["container attach", "attach"],
    summary: "Attach local standard input, output, and error streams to a running container",
    load: () => import("./commands/container/attach.ts"),
  },
  {
    names: ["container create", "create"],
    summary: "Create a new container",
    load: () => import("./commands/container/create.ts"),
  },
  {
    names: ["container exec", "exec"],
    summary: "Execute a command in a running container",
    load: () => import("./commands/container/exec.ts"),
  },
  {
    names: ["explain"],
    summary: "Print the system calls that run or exec would make, with the reason for each",
    load: () => import("./commands/system/explain.ts"),
  },
  {
    names: ["image ls", "image list", "images"],
    summary: "List images",
    load: () => import("./commands/image/ls.ts"),
  },
  {
    names: ["system info", "info"],
    summary: "Display system-wide information",
    load: () => import("./commands/system/info.ts"),
  },
  {
    names: ["inspect"],
    summary: "Return low-level information on mini-docker objects",
    load: () => import("./commands/system/inspect.ts"),
  },
  {
    names: ["container inspect"],
    summary: "Display detailed information on one or more containers",
    load: () => import("./commands/container/inspect.ts"),
  },
  {
    names: ["image inspect"],
    summary: "Display detailed information on one or more images",
    load: () => import("./commands/image/inspect.ts"),
  },
  {
    names: ["container kill", "kill"],
    summary: "Kill one or more running containers",
    load: () => import("./commands/container/kill.ts"),
  },
  {
    names: ["image load", "load"],
    summary: "Load an image from a tar archive or STDIN",
    load: () => import("./commands/image/load.ts"),
  },
  {
    names: ["container logs", "logs"],
    summary: "Fetch the logs of a container",
    load: () => import("./commands/container/logs.ts"),
  },
  {
    names: ["container pause", "pause"],
    summary: "Pause all processes within one or more containers",
    load: () => import("./commands/container/pause.ts"),
  },
  {
    names: ["container ls", "container list", "container ps", "ps"],
    summary: "List containers",
    load: () => import("./commands/container/ls.ts"),
  },
  {
    names: ["image pull", "pull"],
    summary: "Download an image from a registry",
    load: () => import("./commands/image/pull.ts"),
  },
  {
    names: ["container restart", "restart"],
    summary: "Restart one or more containers",
    load: () => import("./commands/container/restart.ts"),
  },
  {
    names: ["container rm", "container remove", "rm"],
    summary: "Remove one or more containers",
    load: () => import("./commands/container/rm.ts"),
  },
  {
    names: ["image rm", "image remove", "rmi"],
    summary: "Remove one or more images",
    load: () => import("./commands/image/rm.ts"),
  },
  {
    names: ["container run", "run"],
    summary: "Create and run a new container from an image",
    load: () => import("./commands/container/run.ts"),
  },
  {
    names: ["container start", "start"],
    summary: "Start one or more stopped containers",
    load: () => import("./commands/container/start.ts"),
  },
  {
    names: ["container stop", "stop"],
    summary: "Stop one or more running containers",
    load: () => import("./commands/container/stop.ts"),
  },
  {
    names: ["container unpause", "unpause"],
    summary: "Unpause all processes within one or more containers",
    load: () => import("./commands/container/unpause.ts"),
  },
  {
    names: ["version"],
    summary: "Show the mini-docker version information",
    load: () => import("./commands/system/version.ts"),
  },
  {
    names: ["container wait", "wait"],
    summary: "Block until one or more containers stop, then print their exit codes",
    load: () => import("./commands/container/wait.ts"),
  },
];

/** Finds the verb that `words` begin with: a group and its verb, or a verb alone. */
export function findCommand(
  words: readonly string[],
): { entry: CommandEntry; name: string; rest: readonly string[] } | undefined {
  const [first, second] = words;
  const grouped = first !== undefined && Object.hasOwn(groups, first);
  const name = grouped ? `${first} ${second}` : first;
  const entry = commands.find(({ names }) => names.includes(name ?? ""));
  return entry && name !== undefined ? { entry, name, rest: words.slice(grouped ? 2 : 1) } : undefined;
}
