import { type Digest, digestOf } from "./digest.ts";

declare const brand: unique symbol;

/** Names a stack of layers: the digest over the layer's diffID and everything below it. */
export type ChainId = Digest & { readonly [brand]: "ChainId" };

/**
 * The chainID of a layer on top of `parent`.
 *
 * @see image-spec config.md "Layer ChainID"
 */
export function chainId(parent: ChainId | undefined, diffId: Digest): ChainId {
  if (parent === undefined) return diffId as ChainId;
  return digestOf(`${parent} ${diffId}`) as ChainId;
}

/** The chainID of each layer, from the lowest to the top. */
export function chainIds(diffIds: readonly Digest[]): ChainId[] {
  const chain: ChainId[] = [];
  for (const diffId of diffIds) chain.push(chainId(chain.at(-1), diffId));
  return chain;
}
