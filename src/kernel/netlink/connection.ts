/**
 * A netlink socket: sends batches of requests and checks every answer.
 *
 * The kernel works on a request inside send(2), so its answers are there when send returns. All of this is therefore
 * synchronous, and receiving never waits: a missing answer is an error, not a reason to sleep.
 */
import type { OwnedFd } from "../../../ffi/fd.ts";
import {
  AF_NETLINK,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  SOL_NETLINK,
} from "../../../ffi/structs/netlink.ts";
import { receiveNow, SOCK_RAW, send, setIntOption, socket } from "../../../ffi/sys/socket.ts";
import { SyscallError } from "../../../ffi/syscall-error.ts";
import { inNetworkNamespace } from "../netns.ts";
import {
  type Answer,
  encodeRequests,
  parseAnswers,
  parseOutcome,
  type Request,
  wantsAck,
} from "./message.ts";
import { NetlinkError } from "./netlink-error.ts";

const PROTOCOLS = { route: NETLINK_ROUTE, netfilter: NETLINK_NETFILTER };

/** The kernel builds answers of at most 32 KiB when the reader's buffer allows it. */
const RECEIVE_BUFFER_BYTES = 32 * 1024;

/** A table that changes while it is listed is listed again, so often at most. */
const MAX_DUMP_ATTEMPTS = 8;

/** Answers to one request; more is not a machine's table but a runaway loop. */
const MAX_DUMP_ANSWERS = 1_000_000;

/** One socket for the whole process: commands are short and the calls synchronous. */
let receiveBuffer: Uint8Array<ArrayBuffer> | undefined;

/**
 * An open netlink socket of one network namespace. It stays with that namespace wherever the thread goes.
 *
 * @see openNetlink
 */
export class NetlinkConnection implements Disposable {
  readonly #socket: OwnedFd;
  #sequence = 1;

  constructor(owned: OwnedFd) {
    this.#socket = owned;
  }

  /**
   * Sends all requests at once and checks the answer to each.
   *
   * rtnetlink does not undo the earlier ones when a later one fails; an nf_tables batch is atomic.
   *
   * @throws {NetlinkError} for the first request whose failure it does not list as expected
   */
  execute(requests: readonly Request[]): void {
    const first = this.#send(requests);
    let unanswered = requests.filter(wantsAck).length;
    let failure: NetlinkError | undefined;
    for (const answer of this.#receiveAll()) {
      const request = requests[answer.sequence - first];
      if (request === undefined || answer.type !== NLMSG_ERROR) continue;
      if (wantsAck(request)) unanswered--;
      const { errno, explanation } = parseOutcome(answer);
      if (errno === 0) continue;
      const error = new NetlinkError(request.action, errno, explanation);
      if (!request.expected?.includes(error.code)) failure ??= error;
    }
    if (failure !== undefined) throw failure;
    if (unanswered > 0) throw new Error(`netlink: ${unanswered} of ${requests.length} requests unanswered`);
  }

  /**
   * Asks for one object.
   *
   * @returns its message, or undefined when the kernel answers with an errno that the request expects
   * @throws {NetlinkError} with the errno otherwise
   */
  get(request: Request): Answer | undefined {
    const sequence = this.#send([request]);
    for (const answer of this.#receiveAll()) {
      if (answer.sequence !== sequence) continue;
      if (answer.type !== NLMSG_ERROR) return answer;
      const { errno, explanation } = parseOutcome(answer);
      const error = new NetlinkError(request.action, errno, explanation);
      if (request.expected?.includes(error.code)) return undefined;
      throw error;
    }
    throw new Error(`netlink: ${request.action}: unanswered`);
  }

  /**
   * Asks for a list. A list that changed meanwhile is asked for again, so the result was true at one moment.
   *
   * @throws {NetlinkError} when the kernel refuses, or the list never holds still
   */
  dump(request: Request): Answer[] {
    for (let attempt = 0; attempt < MAX_DUMP_ATTEMPTS; attempt++) {
      const answers = this.#dumpOnce({ ...request, flags: request.flags | NLM_F_DUMP });
      if (!answers.some(({ flags }) => (flags & NLM_F_DUMP_INTR) !== 0)) return answers;
    }
    const EINTR = 4;
    throw new NetlinkError(request.action, EINTR, `the list changed ${MAX_DUMP_ATTEMPTS} times`);
  }

  #dumpOnce(request: Request): Answer[] {
    const sequence = this.#send([request]);
    const answers: Answer[] = [];
    for (const answer of this.#receiveAll()) {
      if (answer.sequence !== sequence) continue;
      if (answer.type === NLMSG_ERROR || answer.type === NLMSG_DONE) {
        const { errno, explanation } = parseOutcome(answer);
        if (errno !== 0) throw new NetlinkError(request.action, errno, explanation);
        if (answer.type === NLMSG_DONE) return answers;
      } else if (answers.push(answer) > MAX_DUMP_ANSWERS) break;
    }
    throw new Error(`netlink: ${request.action}: the list has no end`);
  }

  #send(requests: readonly Request[]): number {
    const first = this.#sequence;
    this.#sequence += requests.length;
    send(this.#socket.fd, encodeRequests(requests, first));
    return first;
  }

  /** Every waiting answer. The payloads are copies: the buffer is used again. */
  *#receiveAll(): Generator<Answer> {
    receiveBuffer ??= new Uint8Array(RECEIVE_BUFFER_BYTES);
    for (;;) {
      const size = receiveNow(this.#socket.fd, receiveBuffer);
      if (size === undefined) return;
      if (size > receiveBuffer.length) throw new Error(`netlink: an answer of ${size} bytes`);
      yield* parseAnswers(receiveBuffer.slice(0, size));
    }
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/**
 * Opens a netlink socket: `using netlink = openNetlink("route")`.
 *
 * @param netnsFd the network namespace it speaks for, for as long as it lives; the caller's when left out
 * @throws {NetlinkError} EPROTONOSUPPORT when the kernel lacks the protocol
 * @throws {SyscallError} EPERM when the namespace is not ours
 */
export function openNetlink(protocol: "route" | "netfilter", netnsFd?: number): NetlinkConnection {
  const open = () => {
    try {
      return socket({ family: AF_NETLINK, type: SOCK_RAW, protocol: PROTOCOLS[protocol] });
    } catch (cause) {
      if (!(cause instanceof SyscallError)) throw cause;
      throw new NetlinkError(`open a ${protocol} socket`, cause.errno);
    }
  };
  const owned = netnsFd === undefined ? open() : inNetworkNamespace(netnsFd, open);
  setIntOption(owned.fd, { level: SOL_NETLINK, option: NETLINK_CAP_ACK }, 1);
  setIntOption(owned.fd, { level: SOL_NETLINK, option: NETLINK_EXT_ACK }, 1);
  setIntOption(owned.fd, { level: SOL_NETLINK, option: NETLINK_GET_STRICT_CHK }, 1);
  return new NetlinkConnection(owned);
}
