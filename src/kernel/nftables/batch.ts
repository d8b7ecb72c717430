/**
 * Batches of nf_tables requests: all of one batch happens, or nothing does.
 *
 * @see nft(8) · https://docs.kernel.org/networking/netlink_spec/nftables.html
 */
import { NLM_F_ACK } from "../../../ffi/structs/netlink.ts";
import {
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO_IPV4,
  nfgenmsg,
} from "../../../ffi/structs/nfnetlink.ts";
import type { NetlinkConnection } from "../netlink/connection.ts";
import type { Request } from "../netlink/message.ts";

/** A request of nf_tables for the IPv4 family; `message` is one of NFT_MSG_*. */
export function nftRequest(args: {
  action: string;
  message: number;
  flags: number;
  attributes: readonly Uint8Array[];
  expected?: readonly string[];
}): Request {
  const { action, message, flags, attributes, expected } = args;
  const type = (NFNL_SUBSYS_NFTABLES << 8) | message;
  const parts = [nfgenmsgBytes(NFPROTO_IPV4, 0), ...attributes];
  return expected === undefined ? { action, type, flags, parts } : { action, type, flags, parts, expected };
}

/** Frames requests as one batch. Each asks for an acknowledgement, so that each failure has a name. */
export function batchOf(requests: readonly Request[]): Request[] {
  const frame = (type: number): Request => ({
    action: "change the firewall's rules", // The kernel reports a refused batch as a failure of its first message.
    type,
    flags: 0,
    parts: [nfgenmsgBytes(0, NFNL_SUBSYS_NFTABLES)],
  });
  const acknowledged = requests.map((request) => ({ ...request, flags: request.flags | NLM_F_ACK }));
  return [frame(NFNL_MSG_BATCH_BEGIN), ...acknowledged, frame(NFNL_MSG_BATCH_END)];
}

/**
 * Carries a batch out.
 *
 * @throws {NetlinkError} for the first request that was refused; then none had any effect
 */
export function executeBatch(netlink: NetlinkConnection, requests: readonly Request[]): void {
  netlink.execute(batchOf(requests));
}

function nfgenmsgBytes(family: number, resourceId: number): Uint8Array<ArrayBuffer> {
  const bytes = nfgenmsg.encode({ family });
  new DataView(bytes.buffer).setUint16(nfgenmsg.offsets.resourceId, resourceId, false);
  return bytes;
}
