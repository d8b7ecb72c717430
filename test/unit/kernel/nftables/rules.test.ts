import { expect, test } from "bun:test";
import { encodeRequests, parseAnswers } from "../../../../src/kernel/netlink/message.ts";
import { batchOf } from "../../../../src/kernel/nftables/batch.ts";
import { masquerade, outputLink, sourceIn } from "../../../../src/kernel/nftables/expression.ts";
import { appendRule } from "../../../../src/kernel/nftables/rule.ts";
import { createTable, deleteTable } from "../../../../src/kernel/nftables/table.ts";

const hex = (parts: readonly Uint8Array[]) => parts.map((part) => part.toHex()).join("");

test("batchOf() frames requests and asks for an answer to each", () => {
  const bytes = encodeRequests(batchOf([createTable("t"), deleteTable("t")]), 1);

  expect(parseAnswers(bytes).map(({ type, flags, sequence }) => [type, flags, sequence])).toEqual([
    [0x10, 0x1, 1],
    [0x0a00, 0x405, 2],
    [0x0a02, 0x5, 3],
    [0x11, 0x1, 4],
  ]);
  expect(bytes.toHex()).toStartWith("1400000010000100010000000000000000" + "00000a");
});

test("outputLink() compares all 16 bytes of the name", () => {
  expect(hex(outputLink("!=", "md0"))).toBe(
    [
      "2400018009000100" + "6d65746100000000", // element { NAME "meta"
      "14000280" + "0800020000000007" + "0800010000000001", // DATA { KEY oifname, DREG 1 } }
      "3800018008000100" + "636d7000", // element { NAME "cmp"
      "2c000280" + "0800010000000001" + "0800020000000001", // DATA { SREG 1, OP !=
      "18000380" + "14000100" + "6d643000000000000000000000000000", // DATA { VALUE "md0" } } }
    ].join(""),
  );
});

test("sourceIn() masks the source address with the prefix", () => {
  const bytes = hex(sourceIn({ base: 0xac1e0000, prefixLength: 16 }));

  expect(bytes).toContain("08000300" + "0000000c" + "08000400" + "00000004"); // OFFSET 12, LEN 4
  expect(bytes).toContain("0c00048008000100" + "ffff0000"); // MASK
  expect(bytes).toEndWith("0c00038008000100" + "ac1e0000");
});

test("a link's name that does not fit is refused", () => {
  expect(() => outputLink("==", "a".repeat(16))).toThrow(RangeError);
  expect(() => createTable("t", "x".repeat(200))).toThrow(RangeError);
});

test("appendRule() strings the expressions together in one list", () => {
  const { action, parts } = appendRule("t", "c", [outputLink("==", "a"), masquerade()]);

  expect(action).toBe("add a rule to chain t c");
  expect(hex(parts)).toContain("6d61737100000000"); // "masq"
});
