/** Chains: where in a packet's way a list of rules is asked. */
import { NLM_F_CREATE } from "../../../ffi/structs/netlink.ts";
import {
  NF_ACCEPT,
  NF_INET_FORWARD,
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  NF_INET_PRE_ROUTING,
  NF_IP_PRI_FILTER,
  NF_IP_PRI_NAT_DST,
  NF_IP_PRI_NAT_SRC,
  NF_IP_PRI_RAW,
  NFT_MSG_NEWCHAIN,
  NFTA_CHAIN_HOOK,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_POLICY,
  NFTA_CHAIN_TABLE,
  NFTA_CHAIN_TYPE,
  NFTA_HOOK_HOOKNUM,
  NFTA_HOOK_PRIORITY,
} from "../../../ffi/structs/nfnetlink.ts";
import { be32, nested, text } from "../netlink/attribute.ts";
import type { Request } from "../netlink/message.ts";
import { nftRequest } from "./batch.ts";

/** A chain's type, its hook and its place among the chains there; all accept what no rule decides. */
const HOOKS = {
  raw: { type: "filter", hook: NF_INET_PRE_ROUTING, priority: NF_IP_PRI_RAW },
  prerouting: { type: "nat", hook: NF_INET_PRE_ROUTING, priority: NF_IP_PRI_NAT_DST },
  output: { type: "nat", hook: NF_INET_LOCAL_OUT, priority: NF_IP_PRI_NAT_DST },
  forward: { type: "filter", hook: NF_INET_FORWARD, priority: NF_IP_PRI_FILTER },
  postrouting: { type: "nat", hook: NF_INET_POST_ROUTING, priority: NF_IP_PRI_NAT_SRC },
};

/** Creates a chain that packets enter by themselves, named for where that is. */
export function createBaseChain(table: string, name: keyof typeof HOOKS): Request {
  const { type, hook, priority } = HOOKS[name];
  return nftRequest({
    action: `create chain ${table} ${name}`,
    message: NFT_MSG_NEWCHAIN,
    flags: NLM_F_CREATE,
    attributes: [
      text(NFTA_CHAIN_TABLE, table),
      text(NFTA_CHAIN_NAME, name),
      nested(NFTA_CHAIN_HOOK, [be32(NFTA_HOOK_HOOKNUM, hook), be32(NFTA_HOOK_PRIORITY, priority >>> 0)]),
      be32(NFTA_CHAIN_POLICY, NF_ACCEPT),
      text(NFTA_CHAIN_TYPE, type),
    ],
  });
}

/** Creates a chain that packets enter by a jump. */
export function createChain(table: string, name: string): Request {
  return nftRequest({
    action: `create chain ${table} ${name}`,
    message: NFT_MSG_NEWCHAIN,
    flags: NLM_F_CREATE,
    attributes: [text(NFTA_CHAIN_TABLE, table), text(NFTA_CHAIN_NAME, name)],
  });
}
