/**
 * A private mount and network namespace that several commands share, for as long as one small process lives.
 *
 * The holder ends when its stdin does, so nothing survives the test runner, however that ends.
 */
export interface NamespaceHolder extends AsyncDisposable {
  /** The holder's process, whose /proc/PID/ns names the namespaces. */
  readonly pid: number;
  /** The words to put before a command so that it runs inside. */
  readonly prefix: readonly string[];
  /** Runs a command inside to its end; throws with its stderr when it fails. */
  sh(script: string): string;
}

/** Unshares, brings loopback up, and waits until both are so. Needs root. */
export async function holdNamespaces(): Promise<NamespaceHolder> {
  const child = Bun.spawn(
    [
      ...["unshare", "--mount", "--net", "--propagation=private", "--", "sh", "-c"],
      "ip link set lo up && echo ready && exec cat > /dev/null",
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (!new TextDecoder().decode(value).startsWith("ready"))
    throw new Error("Cannot unshare mount and net: not ready");
  const prefix = ["nsenter", "-t", String(child.pid), "--mount", "--net", "--"];
  return {
    pid: child.pid,
    prefix,
    sh(script) {
      const { exitCode, stdout, stderr } = Bun.spawnSync([...prefix, "sh", "-ec", script], {
        stderr: "pipe",
      });
      if (exitCode !== 0) throw new Error(`${script}: ${stderr.toString()}`);
      return stdout.toString();
    },
    async [Symbol.asyncDispose]() {
      await child.stdin.end();
      child.kill();
      await child.exited;
    },
  };
}
