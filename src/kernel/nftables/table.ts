/** Tables: what `nft list tables` shows, here always of family ip. */
import { NLM_F_CREATE } from "../../../ffi/structs/netlink.ts";
import {
  NFNL_SUBSYS_NFTABLES,
  NFT_MSG_DELTABLE,
  NFT_MSG_GETTABLE,
  NFT_MSG_NEWTABLE,
  NFTA_TABLE_FLAGS,
  NFTA_TABLE_NAME,
  NFTA_TABLE_USE,
  NFTA_TABLE_USERDATA,
  NFTNL_UDATA_TABLE_COMMENT,
  nfgenmsg,
} from "../../../ffi/structs/nfnetlink.ts";
import { attribute, be32, parseAttributes, readBe32, text } from "../netlink/attribute.ts";
import type { NetlinkConnection } from "../netlink/connection.ts";
import type { Request } from "../netlink/message.ts";
import { nftRequest } from "./batch.ts";

/** A table as the kernel describes it. */
export interface Table {
  /** How many chains, sets and objects it holds. */
  readonly useCount: number;
  /** Undefined without one, and on kernels before 5.10, which keep none. */
  readonly comment: string | undefined;
}

/** Creates a table; that it exists is fine, and then its comment stays. */
export function createTable(name: string, comment = ""): Request {
  return nftRequest({
    action: `create table ${name}`,
    message: NFT_MSG_NEWTABLE,
    flags: NLM_F_CREATE,
    attributes: [
      text(NFTA_TABLE_NAME, name),
      be32(NFTA_TABLE_FLAGS, 0),
      ...(comment === "" ? [] : [attribute(NFTA_TABLE_USERDATA, commentBytes(comment))]),
    ],
  });
}

/** Deletes a table and all in it. Fails with ENOENT when it does not exist. */
export function deleteTable(name: string): Request {
  return nftRequest({
    action: `delete table ${name}`,
    message: NFT_MSG_DELTABLE,
    flags: 0,
    attributes: [text(NFTA_TABLE_NAME, name)],
  });
}

/** Looks a table up; undefined when there is none. */
export function findTable(netlink: NetlinkConnection, name: string): Table | undefined {
  const request = nftRequest({
    action: `look up table ${name}`,
    message: NFT_MSG_GETTABLE,
    flags: 0,
    attributes: [text(NFTA_TABLE_NAME, name)],
    expected: ["ENOENT"],
  });
  const answer = netlink.get(request);
  if (answer === undefined || answer.type >> 8 !== NFNL_SUBSYS_NFTABLES) return undefined;
  const attributes = parseAttributes(answer.payload, nfgenmsg.size);
  const useCount = attributes.get(NFTA_TABLE_USE);
  const userdata = attributes.get(NFTA_TABLE_USERDATA);
  return {
    useCount: useCount === undefined ? 0 : readBe32(useCount),
    comment: userdata === undefined ? undefined : commentOf(userdata),
  };
}

/** libnftnl's user data: type and length in a byte each, then the text with its zero byte. */
function commentBytes(comment: string): Uint8Array {
  const encoded = new TextEncoder().encode(`${comment}\0`);
  if (encoded.length > 128) throw new RangeError(`a table's comment of ${encoded.length} bytes`);
  return Uint8Array.of(NFTNL_UDATA_TABLE_COMMENT, encoded.length, ...encoded);
}

function commentOf(userdata: Uint8Array): string | undefined {
  const length = userdata[1];
  if (userdata[0] !== NFTNL_UDATA_TABLE_COMMENT || length === undefined || length === 0) return undefined;
  return new TextDecoder().decode(userdata.subarray(2, 2 + length - 1));
}
