/** The rules of a bridge network: an nf_tables table of our own, written as a whole or not at all. */
import { assert } from "../lib/assert.ts";
import { formatSubnet, type Subnet } from "../lib/ipv4.ts";
import { openNetlink } from "../kernel/netlink/connection.ts";
import type { Request } from "../kernel/netlink/message.ts";
import { executeBatch } from "../kernel/nftables/batch.ts";
import { createBaseChain } from "../kernel/nftables/chain.ts";
import {
  accept,
  drop,
  inputLink,
  masquerade,
  ofKnownConnection,
  outputLink,
  sourceIn,
} from "../kernel/nftables/expression.ts";
import { appendRule, countRules } from "../kernel/nftables/rule.ts";
import { createTable, deleteTable, findTable } from "../kernel/nftables/table.ts";
import { explainingRefusal } from "./refusal.ts";

/** Raised with every change of the rules below: a table of another version is written anew. */
const RULES_VERSION = 1;

const CHAINS = ["postrouting", "forward"] as const;

/** How many rules there are in all chains. */
const RULE_COUNT = 4;

/** What the rules are about. */
export interface FirewallSubject {
  /** The table's name. */
  readonly table: string;
  /** The bridge's name. */
  readonly bridge: string;
  readonly subnet: Subnet;
}

/**
 * The rules as requests; as nft(8) prints them:
 *
 *     chain postrouting { type nat hook postrouting priority srcnat
 *         ip saddr 172.30.0.0/16 oifname != "md0" masquerade }
 *     chain forward { type filter hook forward priority filter
 *         oifname "md0" ct state established,related accept
 *         iifname "md0" accept
 *         oifname "md0" drop }
 *
 * So containers reach each other and the world, and nothing that the host forwards reaches a container unasked. The
 * rules judge by link name: they hold while a bridge is being made, and outlive it harmlessly.
 */
function rules({ table, bridge, subnet }: FirewallSubject): Request[] {
  return [
    appendRule(table, "postrouting", [sourceIn(subnet), outputLink("!=", bridge), masquerade()]),
    appendRule(table, "forward", [outputLink("==", bridge), ofKnownConnection(), accept()]),
    appendRule(table, "forward", [inputLink("==", bridge), accept()]),
    appendRule(table, "forward", [outputLink("==", bridge), drop()]),
  ];
}

/**
 * Writes the table unless it is there and whole.
 *
 * The firewall belongs to the machine, and `nft flush ruleset` or a reload may take our rules along. So each start
 * looks: at the table's comment, which names version, bridge and subnet, and at the number of chains and rules.
 *
 * @returns whether it had to be written
 * @throws {PermissionError} without CAP_NET_ADMIN
 * @throws {UnsupportedError} when the kernel lacks nf_tables or a part of it
 */
export function ensureFirewall(subject: FirewallSubject): boolean {
  const { table, bridge } = subject;
  const modules = "nf_tables nft_chain_nat nft_masq nft_ct";
  return explainingRefusal({ action: `set up the firewall for "${bridge}"`, modules }, () => {
    using netfilter = openNetlink("netfilter");
    const comment = `v${RULES_VERSION} ${bridge} ${formatSubnet(subject.subnet)}`;
    const found = findTable(netfilter, table);
    const isWhole = found?.comment === comment && found.useCount === CHAINS.length;
    if (isWhole && countRules(netfilter, table) === RULE_COUNT) return false;
    // Created first, so that there is something to delete; deleted, so that nothing old is left in it.
    const fresh = [createTable(table), deleteTable(table), createTable(table, comment)];
    const chains = CHAINS.map((chain) => createBaseChain(table, chain));
    const wanted = rules(subject);
    assert(wanted.length === RULE_COUNT, "the check of the table knows how many rules it has");
    executeBatch(netfilter, [...fresh, ...chains, ...wanted]);
    return true;
  });
}
