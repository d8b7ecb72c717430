import { openTestEngine, engineTest } from "../support/engine.ts";
import { manyContainers } from "./scenarios.ts";

engineTest(
  "100 containers started ten at a time are all there, unique, and gone after one rm -f",
  async () => {
    await using engine = await openTestEngine();

    await manyContainers(engine, 100, 10);
  },
  600_000,
);
