/** Rough treatment in small numbers; test/stress has the large ones. */
import { engineTest, openTestEngine } from "../support/engine.ts";
import { killedCommands, killedShims, manyContainers } from "../stress/scenarios.ts";

engineTest(
  "twelve containers started four at a time are all there, unique, and gone after one rm -f",
  async () => {
    await using engine = await openTestEngine();

    await manyContainers(engine, 12, 4);
  },
);

engineTest(
  "a command killed at 20 random moments of run --rm leaves nothing but what ps -a shows",
  async () => {
    await using engine = await openTestEngine();

    await killedCommands(engine, 20, []);
  },
);

engineTest("a shim killed at 8 random moments leaves nothing but what ps -a shows", async () => {
  await using engine = await openTestEngine();

  await killedShims(engine, 8);
});
