/**
 * Expressions: the small instructions a rule is made of, in nft's words.
 *
 * Each function gives the instructions of one part of a rule: `outputLink("!=", "md0")` is `oifname != "md0"`. All
 * of them load into register 1, since each part decides before the next begins.
 *
 * @see nft(8), "EXPRESSIONS" and "STATEMENTS"
 */
import { IFNAMSIZ } from "../../../ffi/structs/rtnetlink.ts";
import {
  CT_STATE_ESTABLISHED,
  CT_STATE_RELATED,
  NF_ACCEPT,
  NF_DROP,
  NFT_CMP_EQ,
  NFT_CMP_NEQ,
  NFT_CT_STATE,
  NFT_JUMP,
  NFT_META_IIFNAME,
  NFT_META_OIFNAME,
  NFT_PAYLOAD_NETWORK_HEADER,
  NFT_REG_1,
  NFT_REG_VERDICT,
  NFTA_BITWISE_DREG,
  NFTA_BITWISE_LEN,
  NFTA_BITWISE_MASK,
  NFTA_BITWISE_SREG,
  NFTA_BITWISE_XOR,
  NFTA_CMP_DATA,
  NFTA_CMP_OP,
  NFTA_CMP_SREG,
  NFTA_CT_DREG,
  NFTA_CT_KEY,
  NFTA_DATA_VALUE,
  NFTA_DATA_VERDICT,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_IMMEDIATE_DATA,
  NFTA_IMMEDIATE_DREG,
  NFTA_LIST_ELEM,
  NFTA_META_DREG,
  NFTA_META_KEY,
  NFTA_PAYLOAD_BASE,
  NFTA_PAYLOAD_DREG,
  NFTA_PAYLOAD_LEN,
  NFTA_PAYLOAD_OFFSET,
  NFTA_VERDICT_CHAIN,
  NFTA_VERDICT_CODE,
} from "../../../ffi/structs/nfnetlink.ts";
import { ipv4Bytes, netmask, type Subnet } from "../../lib/ipv4.ts";
import { type Attribute, attribute, be32, nested, text, textBytes } from "../netlink/attribute.ts";

/** One instruction, encoded. */
export type Expression = Attribute;

type Comparison = "==" | "!=";

/** Where the source address stands in an IPv4 header, in bytes. */
const SOURCE_ADDRESS_OFFSET = 12;

/** `iifname "md0"`: the link that the packet came in by. */
export function inputLink(comparison: Comparison, name: string): Expression[] {
  return [loadMeta(NFT_META_IIFNAME), compare(comparison, nameBytes(name))];
}

/** `oifname "md0"`: the link that the packet leaves by. */
export function outputLink(comparison: Comparison, name: string): Expression[] {
  return [loadMeta(NFT_META_OIFNAME), compare(comparison, nameBytes(name))];
}

/** `ip saddr 172.30.0.0/16`. */
export function sourceIn(subnet: Subnet): Expression[] {
  const load = expression("payload", [
    be32(NFTA_PAYLOAD_DREG, NFT_REG_1),
    be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER),
    be32(NFTA_PAYLOAD_OFFSET, SOURCE_ADDRESS_OFFSET),
    be32(NFTA_PAYLOAD_LEN, 4),
  ]);
  return [load, maskWith(ipv4Bytes(netmask(subnet.prefixLength))), compare("==", ipv4Bytes(subnet.base))];
}

/** `ct state established,related`: the packet belongs to a connection that was let through before. */
export function ofKnownConnection(): Expression[] {
  const load = expression("ct", [be32(NFTA_CT_DREG, NFT_REG_1), be32(NFTA_CT_KEY, NFT_CT_STATE)]);
  const wanted = Uint8Array.of(CT_STATE_ESTABLISHED | CT_STATE_RELATED, 0, 0, 0);
  return [load, maskWith(wanted), compare("!=", new Uint8Array(4))];
}

/** `masquerade`: the packet goes on with the address of the link that it leaves by. */
export function masquerade(): Expression[] {
  return [expression("masq", [])];
}

/** `accept`. */
export function accept(): Expression[] {
  return [verdict(NF_ACCEPT)];
}

/** `drop`. */
export function drop(): Expression[] {
  return [verdict(NF_DROP)];
}

/** `jump publish`. */
export function jump(chain: string): Expression[] {
  return [verdict(NFT_JUMP, chain)];
}

function verdict(code: number, chain?: string): Expression {
  const target = chain === undefined ? [] : [text(NFTA_VERDICT_CHAIN, chain)];
  const data = nested(NFTA_DATA_VERDICT, [be32(NFTA_VERDICT_CODE, code >>> 0), ...target]);
  return expression("immediate", [
    be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT),
    nested(NFTA_IMMEDIATE_DATA, [data]),
  ]);
}

function loadMeta(key: number): Expression {
  return expression("meta", [be32(NFTA_META_KEY, key), be32(NFTA_META_DREG, NFT_REG_1)]);
}

function maskWith(mask: Uint8Array): Expression {
  return expression("bitwise", [
    be32(NFTA_BITWISE_SREG, NFT_REG_1),
    be32(NFTA_BITWISE_DREG, NFT_REG_1),
    be32(NFTA_BITWISE_LEN, mask.length),
    nested(NFTA_BITWISE_MASK, [attribute(NFTA_DATA_VALUE, mask)]),
    nested(NFTA_BITWISE_XOR, [attribute(NFTA_DATA_VALUE, new Uint8Array(mask.length))]),
  ]);
}

function compare(comparison: Comparison, value: Uint8Array): Expression {
  return expression("cmp", [
    be32(NFTA_CMP_SREG, NFT_REG_1),
    be32(NFTA_CMP_OP, comparison === "==" ? NFT_CMP_EQ : NFT_CMP_NEQ),
    nested(NFTA_CMP_DATA, [attribute(NFTA_DATA_VALUE, value)]),
  ]);
}

function expression(name: string, data: readonly Uint8Array[]): Expression {
  return nested(NFTA_LIST_ELEM, [text(NFTA_EXPR_NAME, name), nested(NFTA_EXPR_DATA, data)]);
}

/** A link's name as nf_tables compares it: all 16 bytes, so that `md0` is not a prefix of others. */
function nameBytes(name: string): Uint8Array {
  const encoded = textBytes(name);
  if (encoded.length >= IFNAMSIZ) throw new RangeError(`not a link's name: ${JSON.stringify(name)}`);
  const bytes = new Uint8Array(IFNAMSIZ);
  bytes.set(encoded);
  return bytes;
}
