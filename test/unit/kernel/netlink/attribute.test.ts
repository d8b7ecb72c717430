import { expect, test } from "bun:test";
import {
  attribute,
  be32,
  findAttribute,
  nested,
  parseAttributes,
  readBe32,
  readText,
  readU32,
  text,
  u8,
  u32,
} from "../../../../src/kernel/netlink/attribute.ts";

const hex = (bytes: Uint8Array) => bytes.toHex();

test("attributes have a length without padding, a type, and are padded to 4 bytes", () => {
  expect(hex(u8(4, 1))).toBe("0500040001000000");
  expect(hex(u32(4, 1500))).toBe("08000400dc050000");
  expect(hex(be32(4, 1500))).toBe("08000400000005dc");
  expect(hex(text(3, "eth0"))).toBe("090003006574683000000000");
  expect(hex(attribute(1, Uint8Array.of(2, 0x42, 172, 30, 0, 2)))).toBe("0a0001000242ac1e00020000");
  expect(hex(nested(18, [text(1, "veth")]))).toBe("1000128009000100766574680000" + "0000");
});

test("what does not fit is refused, not cut", () => {
  expect(() => u8(1, 256)).toThrow(RangeError);
  expect(() => u32(1, 2 ** 32)).toThrow(RangeError);
  expect(() => u32(1, -1)).toThrow(RangeError);
  expect(() => u32(1, 1.5)).toThrow(RangeError);
  expect(attribute(1, new Uint8Array(65_531)).length).toBe(65_536);
  expect(() => attribute(1, new Uint8Array(65_532))).toThrow(RangeError);
  expect(() => nested(1, [attribute(1, new Uint8Array(65_000)), attribute(1, new Uint8Array(600))])).toThrow(
    RangeError,
  );
  expect(() => text(1, "a\0b")).toThrow(RangeError);
});

test("parseAttributes() reads back what was written, without the nested flag", () => {
  const bytes = nested(18, [u32(4, 7), text(3, "md0"), be32(9, 0xac1e0002)]);
  const inner = parseAttributes(parseAttributes(bytes).get(18) ?? new Uint8Array());

  expect(readU32(inner.get(4) ?? new Uint8Array())).toBe(7);
  expect(readText(inner.get(3) ?? new Uint8Array())).toBe("md0");
  expect(readBe32(inner.get(9) ?? new Uint8Array())).toBe(0xac1e0002);
});

test("findAttribute() finds the first of a type, past a header of its own", () => {
  const bytes = nested(1, [u8(1, 10), u8(2, 20), u8(2, 30)]);

  expect(findAttribute(bytes, 2, 4)?.[0]).toBe(20);
  expect(findAttribute(bytes, 3, 4)).toBeUndefined();
});

test("parseAttributes() refuses lengths that point outside", () => {
  for (const bad of ["0300010000000000", "0900010000000000", "ffff010000000000", "0000000000000000"]) {
    expect(() => parseAttributes(Uint8Array.fromHex(bad))).toThrow(RangeError);
    expect(() => findAttribute(Uint8Array.fromHex(bad), 9)).toThrow(RangeError);
  }
});
