import type { LogConfig } from "../../container/config.ts";
import { UnsupportedError, UsageError } from "../../errors.ts";
import { parseSize } from "../../lib/size.ts";
import { splitAtEquals } from "./environment.ts";

const DEFAULT_MAX_SIZE_BYTES = 10 * 1024 * 1024;
const DEFAULT_MAX_FILES = 3;

/** Names that other engines give to a log in plain files; all of them mean our one format here. */
const FILE_DRIVERS = ["", "cri", "json-file", "local", "k8s-file"];

/** Reads `--log-driver` and every `--log-opt`. */
export function parseLogOptions(driver: string, options: readonly string[]): LogConfig {
  if (driver === "none") {
    if (options.length > 0) throw new UsageError("invalid logging opts for driver none");
    return { driver: "none", maxSizeBytes: DEFAULT_MAX_SIZE_BYTES, maxFiles: DEFAULT_MAX_FILES };
  }
  if (!FILE_DRIVERS.includes(driver)) {
    throw new UnsupportedError(`--log-driver ${driver} is not supported yet`, {
      hint: "Use cri (or json-file) or none",
    });
  }
  let maxSizeBytes = DEFAULT_MAX_SIZE_BYTES;
  let maxFiles = DEFAULT_MAX_FILES;
  for (const option of options) {
    const [name, value] = splitAtEquals(option);
    if (name === "max-size") maxSizeBytes = readSize(value);
    else if (name === "max-file") maxFiles = readCount(value);
    else
      throw new UnsupportedError(`--log-opt ${name} is not supported yet`, {
        hint: "Known: max-size, max-file",
      });
  }
  return { driver: "cri", maxSizeBytes, maxFiles };
}

function readSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes <= 0) throw new UsageError(`invalid value for max-size: ${text} must be a positive number`);
  return bytes;
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new UsageError(`invalid value for max-file: ${text} must be at least 1`);
  return Number(text);
}
