import { describe, expect, test } from "bun:test";
import { FrameDecoder, FrameType, putHeader, resizeFrame } from "../../../src/container/attach/protocol.ts";

function frame(type: number, payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const whole = new Uint8Array(8 + bytes.length);
  putHeader(whole, 0, type, bytes.length);
  whole.set(bytes, 8);
  return whole;
}

const exitPayload = Uint8Array.of(1, 0, 0, 0, 7, 0, 0, 0);

/** Decodes a stream that arrives in pieces of `pieceBytes`. */
function decode(stream: Uint8Array, pieceBytes: number) {
  const decoder = new FrameDecoder();
  let stdout = "";
  let stderr = "";
  for (let start = 0; start < stream.length; start += pieceBytes) {
    const piece = stream.slice(start, start + pieceBytes);
    for (let at = 0; ;) {
      at = decoder.next(piece, at, piece.length);
      if (decoder.dataLength === 0) break;
      const text = Buffer.from(piece).toString(
        "utf8",
        decoder.dataOffset,
        decoder.dataOffset + decoder.dataLength,
      );
      if (decoder.dataType === FrameType.STDOUT) stdout += text;
      else stderr += text;
    }
  }
  return { stdout, stderr, exit: decoder.exit };
}

describe("FrameDecoder", () => {
  const stream = Buffer.concat([
    frame(FrameType.STDOUT, "hello "),
    frame(FrameType.STDERR, "oops"),
    frame(FrameType.STDOUT, ""),
    frame(FrameType.STDOUT, "world"),
    frame(FrameType.EXIT, exitPayload),
  ]);

  test.each([1, 2, 3, 7, 8, 9, 1000])(
    "finds the same frames when they arrive %d bytes at a time",
    (pieceBytes) => {
      const result = decode(stream, pieceBytes);

      expect(result).toEqual({ stdout: "hello world", stderr: "oops", exit: { siCode: 1, siStatus: 7 } });
    },
  );

  test("reads nothing after the exit", () => {
    const decoder = new FrameDecoder();
    const bytes = Buffer.concat([frame(FrameType.EXIT, exitPayload), frame(FrameType.STDOUT, "late")]);

    const used = decoder.next(bytes, 0, bytes.length);

    expect(used).toBe(16);
    expect(decoder.dataLength).toBe(0);
  });

  test("streams a frame that claims 4 GiB without making room for it", () => {
    const decoder = new FrameDecoder();
    const bytes = new Uint8Array(64);
    putHeader(bytes, 0, FrameType.STDOUT, 0xffff_ffff);

    expect(decoder.next(bytes, 0, 64)).toBe(64);
    expect([decoder.dataOffset, decoder.dataLength]).toEqual([8, 56]);
    expect(decoder.next(bytes, 0, 64)).toBe(64);
    expect(decoder.dataLength).toBe(64);
  });

  test.each([
    ["an unknown type", Uint8Array.of(9, 0, 0, 0, 1, 0, 0, 0)],
    ["a type of the other direction", Uint8Array.of(FrameType.STDIN, 0, 0, 0, 1, 0, 0, 0)],
    ["an exit of the wrong length", Uint8Array.of(FrameType.EXIT, 0, 0, 0, 9, 0, 0, 0)],
    ["padding that is not zero", Uint8Array.of(FrameType.STDOUT, 0, 1, 0, 1, 0, 0, 0)],
  ])("refuses %s", (_what, bytes) => {
    expect(() => new FrameDecoder().next(bytes, 0, bytes.length)).toThrow("no frame starts with");
  });
});

test("resizeFrame() has rows and columns as little-endian u16, cut to what fits", () => {
  expect(resizeFrame({ rows: 24, columns: 300 }).toHex()).toBe("05000000040000001800" + "2c01");
  expect(resizeFrame({ rows: 1, columns: 70_000 }).toHex()).toBe("05000000040000000100" + "ffff");
});

test("putHeader() writes a length of any size", () => {
  const bytes = new Uint8Array(9).fill(0xee);

  putHeader(bytes, 1, 2, 0x8102_0304);

  expect(bytes.toHex()).toBe("ee0200000004030281");
});
