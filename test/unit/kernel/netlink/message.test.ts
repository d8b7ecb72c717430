import { expect, test } from "bun:test";
import { NLM_F_ACK, NLMSG_ERROR } from "../../../../ffi/structs/netlink.ts";
import { u32 } from "../../../../src/kernel/netlink/attribute.ts";
import {
  encodeRequests,
  parseAnswers,
  parseOutcome,
  type Request,
} from "../../../../src/kernel/netlink/message.ts";

const request = (type: number, ...parts: Uint8Array[]): Request => ({
  action: "test",
  type,
  flags: NLM_F_ACK,
  parts,
});

test("encodeRequests() counts sequence numbers up and makes every message a request", () => {
  const bytes = encodeRequests([request(16, u32(4, 1)), request(18)], 7);

  expect(bytes.toHex()).toBe(
    ["18000000100005000700000000000000" + "0800040001000000", "10000000120005000800000000000000"].join(""),
  );
  expect(parseAnswers(bytes).map(({ type, sequence }) => [type, sequence])).toEqual([
    [16, 7],
    [18, 8],
  ]);
});

test("encodeRequests() refuses a batch beyond 128 KiB", () => {
  expect(() =>
    encodeRequests([request(16, new Uint8Array(70_000)), request(16, new Uint8Array(70_000))], 1),
  ).toThrow(RangeError);
});

test("parseAnswers() refuses a message that ends outside its datagram", () => {
  expect(() => parseAnswers(Uint8Array.fromHex("11000000100000000000000000000000"))).toThrow(RangeError);
  expect(() => parseAnswers(Uint8Array.fromHex("0f000000100000000000000000000000"))).toThrow(RangeError);
  expect(parseAnswers(new Uint8Array(8))).toEqual([]);
});

/** What Linux 6.18 answered to a default route by an address that no link has (`ip route add default via 1.1.1.1`). */
const REFUSED = [
  "44000000020000030300000011120000", // nlmsghdr: NLMSG_ERROR, capped, with attributes
  "9bffffff", // -ENETUNREACH
  "3400000018000506030000001112000020000100", // the request's header, then the attribute
].join("");

test("parseOutcome() reads the errno, and the kernel's words behind a capped request", () => {
  const words = "Nexthop has invalid gateway\0";
  const header = REFUSED.slice(0, 2 * (16 + 4 + 16));
  const length = (4 + words.length).toString(16).padStart(2, "0");
  const bytes = Uint8Array.fromHex(`${header}${length}000100${Buffer.from(words).toString("hex")}`);
  bytes[0] = bytes.length;

  const [answer] = parseAnswers(bytes);

  expect(answer?.type).toBe(NLMSG_ERROR);
  expect(answer && parseOutcome(answer)).toEqual({ errno: 101, explanation: "Nexthop has invalid gateway" });
});

test("parseOutcome() takes errno 0 for an acknowledgement", () => {
  const bytes = Uint8Array.fromHex(
    `24000000020000010100000011120000${"00000000"}20000000100005000100000000000000`,
  );
  const [answer] = parseAnswers(bytes);

  expect(answer && parseOutcome(answer)).toEqual({ errno: 0, explanation: undefined });
});
