/**
 * Netlink messages as bytes: requests to send, answers to read. Pure.
 *
 * @see netlink(7)
 */
import {
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_REQUEST,
  NLMSGERR_ATTR_MSG,
  nlmsghdr,
} from "../../../ffi/structs/netlink.ts";
import { align, byteLength, parseAttributes, readText } from "./attribute.ts";

/** A batch this large would exceed the socket's send buffer anyway; it is a mistake, not a request. */
const MAX_BATCH_BYTES = 1 << 17;

/** One message for the kernel, without the header that the connection fills in. */
export interface Request {
  readonly type: number;
  /** Beside NLM_F_REQUEST, which every request has. */
  readonly flags: number;
  /** The family's own struct (ifinfomsg, nfgenmsg …) and the attributes. */
  readonly parts: readonly Uint8Array[];
  /** What it is for, as a verb and its object: `create link md0`. It begins the error's message. */
  readonly action: string;
  /** errno names that mean the wanted state holds already: `EEXIST` of an idempotent creation. */
  readonly expected?: readonly string[];
}

/** One message from the kernel. */
export interface Answer {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What follows the header. */
  readonly payload: Uint8Array;
}

/** What an answer of type NLMSG_ERROR says: errno 0 is an acknowledgement. */
export interface Outcome {
  readonly errno: number;
  /** The kernel's own words, when it has any. */
  readonly explanation: string | undefined;
}

/** Whether the kernel answers this request even when all went well. */
export function wantsAck(request: Request): boolean {
  return (request.flags & NLM_F_ACK) !== 0;
}

/**
 * Encodes requests for one send; their sequence numbers count up from `firstSequence`.
 *
 * @throws {RangeError} when they exceed 128 KiB
 */
export function encodeRequests(requests: readonly Request[], firstSequence: number): Uint8Array<ArrayBuffer> {
  let total = 0;
  for (const { parts } of requests) total += nlmsghdr.size + byteLength(parts);
  if (total > MAX_BATCH_BYTES) throw new RangeError(`a netlink batch of ${total} bytes`);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let start = 0;
  let sequence = firstSequence;
  for (const { type, flags, parts } of requests) {
    const length = nlmsghdr.size + byteLength(parts);
    view.setUint32(start + nlmsghdr.offsets.length, length, true);
    view.setUint16(start + nlmsghdr.offsets.type, type, true);
    view.setUint16(start + nlmsghdr.offsets.flags, flags | NLM_F_REQUEST, true);
    view.setUint32(start + nlmsghdr.offsets.sequence, sequence++, true);
    let at = start + nlmsghdr.size;
    for (const part of parts) {
      bytes.set(part, at);
      at += align(part.length);
    }
    start = at;
  }
  return bytes;
}

/**
 * The messages of one received datagram.
 *
 * @throws {RangeError} when a message's length points outside the datagram
 */
export function parseAnswers(datagram: Uint8Array): Answer[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  const answers: Answer[] = [];
  for (let start = 0; start + nlmsghdr.size <= datagram.length;) {
    const length = view.getUint32(start + nlmsghdr.offsets.length, true);
    if (length < nlmsghdr.size || start + length > datagram.length)
      throw new RangeError(`a netlink message of ${length} bytes at ${start} of ${datagram.length}`);
    answers.push({
      type: view.getUint16(start + nlmsghdr.offsets.type, true),
      flags: view.getUint16(start + nlmsghdr.offsets.flags, true),
      sequence: view.getUint32(start + nlmsghdr.offsets.sequence, true),
      payload: datagram.subarray(start + nlmsghdr.size, start + length),
    });
    start += align(length);
  }
  return answers;
}

/**
 * Reads the payload of an NLMSG_ERROR: a negative errno, the request's header (and, unless capped, the request),
 * then attributes with the kernel's explanation. An NLMSG_DONE has the errno alone.
 */
export function parseOutcome({ payload, flags }: Answer): Outcome {
  if (payload.length < 4) return { errno: 0, explanation: undefined };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const errno = Math.abs(view.getInt32(0, true));
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, explanation: undefined };
  const repeated = (flags & NLM_F_CAPPED) !== 0 ? nlmsghdr.size : align(view.getUint32(4, true));
  const message = parseAttributes(payload, 4 + repeated).get(NLMSGERR_ATTR_MSG);
  return { errno, explanation: message === undefined ? undefined : readText(message) };
}
