/** Writes the precompiled seccomp filters: run it after a change to the default profile, and commit the result. */
import { writeFileSync } from "node:fs";
import { generateDefaultFilters } from "../src/kernel/seccomp/default-filter.ts";

writeFileSync(
  `${import.meta.dir}/../src/kernel/seccomp/default-filter.generated.ts`,
  generateDefaultFilters(),
);
