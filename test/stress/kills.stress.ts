import { engineTest, openTestEngine } from "../support/engine.ts";
import { killedCommands, killedShims } from "./scenarios.ts";

engineTest(
  "a command killed at 100 moments of run --rm without a network leaves nothing",
  async () => {
    await using engine = await openTestEngine();

    await killedCommands(engine, 100, ["--network", "none"]);
  },
  600_000,
);

engineTest(
  "a command killed at 100 moments of run --rm on the bridge leaves nothing",
  async () => {
    await using engine = await openTestEngine();

    await killedCommands(engine, 100, []);
  },
  600_000,
);

engineTest(
  "a shim killed at 50 moments leaves nothing",
  async () => {
    await using engine = await openTestEngine();

    await killedShims(engine, 50);
  },
  600_000,
);
