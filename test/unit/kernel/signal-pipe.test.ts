import { describe, expect, test } from "bun:test";
import { handlerCode } from "../../../src/kernel/signal-pipe.ts";

describe("handlerCode()", () => {
  test("is the bytes that an assembler makes for x86-64", () => {
    const code = handlerCode(0x1122, "x86-64").toHex();

    expect(code).toBe("f30f1efa574889e6bf22110000ba01000000b8010000000f055fc3");
  });

  test("is the words that an assembler makes for aarch64, with the descriptor in two halves", () => {
    const words = [...new Uint32Array(handlerCode(0x3_0007, "aarch64").buffer)];

    expect(words.map((word) => word.toString(16))).toEqual([
      "f81f0fe0", // str  x0, [sp, #-16]!
      "910003e1", // mov  x1, sp
      "528000e0", // movz w0, #7
      "72a00060", // movk w0, #3, lsl #16
      "d2800022", // mov  x2, #1
      "d2800808", // mov  x8, #64
      "d4000001", // svc  #0
      "910043ff", // add  sp, sp, #16
      "d65f03c0", // ret
    ]);
  });
});
