/** Writes numbered lines to a log as the shim does, with a rotation every 1000 lines and three files kept. */
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { formatRecord } from "../../../src/container/logs/cri.ts";

const [path = "", lines = "0"] = process.argv.slice(2);
let fd = openSync(path, "a");
for (let line = 0; line < Number(lines); line++) {
  if (line % 1000 === 999) {
    closeSync(fd);
    if (line > 1000) renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    fd = openSync(path, "a");
  }
  writeSync(
    fd,
    formatRecord({
      timestamp: "2024-01-01T00:00:00.000000000Z",
      stream: "stdout",
      partial: false,
      text: `${line}`,
    }),
  );
}
closeSync(fd);
