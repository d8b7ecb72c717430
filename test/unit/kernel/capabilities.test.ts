import { expect, test } from "bun:test";
import { UnsupportedError, UsageError } from "../../../src/errors.ts";
import {
  capabilityMask,
  capabilityNames,
  capabilityNumber,
  DEFAULT_CAPABILITIES,
  readBoundingMask,
  resolveCapabilities,
} from "../../../src/kernel/capabilities.ts";

const ALL = (1n << 41n) - 1n;
const resolve = (add: string[], drop: string[], bounding = ALL, privileged = false) =>
  capabilityNames(resolveCapabilities({ add, drop, privileged }, bounding));

test("numbers are the kernel's", () => {
  const numbers = (["CHOWN", "KILL", "NET_ADMIN", "SYS_ADMIN", "MKNOD", "CHECKPOINT_RESTORE"] as const).map(
    capabilityNumber,
  );
  expect(numbers).toEqual([0, 5, 12, 21, 27, 40]);
});

test("the default set is docker's, as /proc shows it", () => {
  expect(capabilityMask(DEFAULT_CAPABILITIES).toString(16)).toBe("a80425fb");
  expect(resolve([], [])).toHaveLength(14);
});

test("capabilities are added and dropped by name, in any case, with or without CAP_", () => {
  const names = resolve(["net_admin", "CAP_SYS_TIME"], ["cap_chown", "MKNOD"]);
  expect(names).toContain("NET_ADMIN");
  expect(names).toContain("SYS_TIME");
  expect(names).not.toContain("CHOWN");
  expect(names).toHaveLength(14);
});

test("ALL added is everything but the dropped, ALL dropped is just the added", () => {
  expect(resolve(["ALL"], ["SYS_ADMIN"])).toHaveLength(40);
  expect(resolve(["CHOWN"], ["all"])).toEqual(["CHOWN"]);
  expect(resolve([], ["ALL"])).toEqual([]);
});

test("what the engine lacks is left out, unless it was asked for by name", () => {
  const without = ALL & ~capabilityMask(["SYS_RESOURCE"]);
  expect(resolve([], [], without, true)).toHaveLength(40);
  expect(resolve(["ALL"], [], without)).not.toContain("SYS_RESOURCE");
  expect(() => resolve(["SYS_RESOURCE"], [], without)).toThrow(UnsupportedError);
  expect(resolve([], [], capabilityMask(["CHOWN", "SYS_ADMIN"]))).toEqual(["CHOWN"]);
});

test("an unknown name is refused in docker's words", () => {
  expect(() => resolve(["bogus"], [])).toThrow('invalid CapAdd: unknown capability: "CAP_BOGUS"');
  expect(() => resolve([], ["CAP_X"])).toThrow(
    new UsageError('invalid CapDrop: unknown capability: "CAP_X"'),
  );
});

test("the own bounding set is a set of known capabilities", () => {
  expect(readBoundingMask()).toBeGreaterThanOrEqual(0n);
});
