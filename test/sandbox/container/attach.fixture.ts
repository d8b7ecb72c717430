/**
 * Attaches to the socket given, and ends with `OUTCOME {…}` on stderr. Signals for the container show as
 * `PROXY n`.
 */
import { writeSync } from "node:fs";
import { acknowledgeExit, attachLoop } from "../../../src/container/attach/attach-loop.ts";
import { parseDetachKeys } from "../../../src/container/attach/detach-keys.ts";
import { connectUnixSocket } from "../../../src/kernel/unix-socket.ts";

const [path = "", ...flags] = process.argv.slice(2);
using socket = connectUnixSocket(path);
const result = attachLoop({
  socketFd: socket.fd,
  stdinFd: flags.includes("stdin") ? 0 : null,
  stdoutFd: 1,
  stderrFd: 2,
  tty: flags.includes("tty"),
  detachKeys: parseDetachKeys("ctrl-p,ctrl-q"),
  sigProxy: flags.includes("proxy") ? (signal) => void writeSync(2, `PROXY ${signal}\n`) : null,
});
if (result.outcome === "exited") acknowledgeExit(socket.fd);
writeSync(2, `OUTCOME ${JSON.stringify(result)}\n`);
