/** Follows a log until the file `exit` appears in the run folder, or the folder is gone. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readLogs } from "../../../src/container/logs/read-logs.ts";

const [path = "", run = "", tail] = process.argv.slice(2);
readLogs({
  path,
  stdoutFd: 1,
  stderrFd: 2,
  timestamps: false,
  ...(tail === undefined ? {} : { tail: Number(tail) }),
  follow: { watchFolder: run, ended: () => !existsSync(run) || existsSync(join(run, "exit")) },
});
