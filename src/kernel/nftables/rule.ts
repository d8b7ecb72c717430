/** Rules: expressions in a row; the first that does not hold ends the rule. */
import { NLM_F_APPEND, NLM_F_CREATE } from "../../../ffi/structs/netlink.ts";
import {
  NFT_MSG_GETRULE,
  NFT_MSG_NEWRULE,
  NFTA_RULE_CHAIN,
  NFTA_RULE_EXPRESSIONS,
  NFTA_RULE_TABLE,
} from "../../../ffi/structs/nfnetlink.ts";
import { nested, text } from "../netlink/attribute.ts";
import type { NetlinkConnection } from "../netlink/connection.ts";
import type { Request } from "../netlink/message.ts";
import { nftRequest } from "./batch.ts";
import type { Expression } from "./expression.ts";

/** Adds a rule at the end of a chain. */
export function appendRule(table: string, chain: string, parts: readonly (readonly Expression[])[]): Request {
  return nftRequest({
    action: `add a rule to chain ${table} ${chain}`,
    message: NFT_MSG_NEWRULE,
    flags: NLM_F_CREATE | NLM_F_APPEND,
    attributes: [
      text(NFTA_RULE_TABLE, table),
      text(NFTA_RULE_CHAIN, chain),
      nested(NFTA_RULE_EXPRESSIONS, parts.flat()),
    ],
  });
}

/** How many rules a table has, in all its chains; 0 when there is no such table. */
export function countRules(netlink: NetlinkConnection, table: string): number {
  const request = nftRequest({
    action: `list rules of table ${table}`,
    message: NFT_MSG_GETRULE,
    flags: 0,
    attributes: [text(NFTA_RULE_TABLE, table)],
  });
  return netlink.dump(request).length;
}
