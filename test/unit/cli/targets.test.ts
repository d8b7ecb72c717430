import { expect, test } from "bun:test";
import { flatten } from "../../../src/cli/log.ts";
import { forEachTarget } from "../../../src/cli/targets.ts";
import { ConflictError, NotFoundError } from "../../../src/errors.ts";

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("a target that fails does not keep the others from their turn, and each error is told", async () => {
  const done: string[] = [];
  const act = async (target: string) => {
    if (target.startsWith("x")) throw new NotFoundError(`No such container: ${target}`);
    done.push(target);
  };

  const failure = await failureOf(forEachTarget(["a", "x1", "b", "x2"], act));

  expect(done).toEqual(["a", "b"]);
  expect(flatten(failure).map((error) => (error as Error).message)).toEqual([
    "No such container: x1",
    "No such container: x2",
  ]);
  expect(await failureOf(forEachTarget(["x"], act))).toBeInstanceOf(NotFoundError);
  expect(await failureOf(forEachTarget(["a"], act))).toBeUndefined();
});

test("a fault of our own stops at once", async () => {
  const fault = new TypeError("broken");
  const tried: string[] = [];

  const failure = await failureOf(
    forEachTarget(["a", "b"], async (target) => {
      tried.push(target);
      throw fault;
    }),
  );

  expect(failure).toBe(fault);
  expect(tried).toEqual(["a"]);
});

test("an error and the one of its clean-up are both told, the first cause first", () => {
  const body = new ConflictError("first");
  const cleanup = new ConflictError("second");

  expect(flatten(new SuppressedError(cleanup, body))).toEqual([body, cleanup]);
});
