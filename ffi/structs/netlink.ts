/** linux/netlink.h: message headers, attributes, flags and socket options. */
import { struct } from "../struct.ts";

export const AF_NETLINK = 16;

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** A message's header; `length` counts the header itself. */
export const nlmsghdr = struct({ length: "u32", type: "u16", flags: "u16", sequence: "u32", port: "u32" });

/** An attribute's header; `length` counts the header, not the padding. */
export const nlattr = struct({ length: "u16", type: "u16" });

/** Messages and attributes start at multiples of this. */
export const NLMSG_ALIGNTO = 4;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
/** NLM_F_ROOT | NLM_F_MATCH. */
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

/** Flags of an answer of type NLMSG_ERROR. */
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

export const NLMSG_ERROR = 0x2;
export const NLMSG_DONE = 0x3;

export const NLMSGERR_ATTR_MSG = 1;
export const NLMSGERR_ATTR_OFFS = 2;

export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
/** The bits of an attribute's type that name it. */
export const NLA_TYPE_MASK = 0x3fff;

export const SOL_NETLINK = 270;
/** The answer to a failed request does not repeat the request. */
export const NETLINK_CAP_ACK = 10;
/** Answers carry the kernel's own words. */
export const NETLINK_EXT_ACK = 11;
/** Dumps honour the filter in the request's header, and refuse one they do not know. */
export const NETLINK_GET_STRICT_CHK = 12;
