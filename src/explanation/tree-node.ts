import type { GraphNode, NodeAttribute } from "../onnx/nodes.ts";
import type { TreeModel } from "./tree-model.ts";

/** A tree operator of a graph: the trees, what they read, and what is done to their sums. */
export interface TreeNode {
  readonly trees: TreeModel;
  /** Name of the tensor [N, features] they read. */
  readonly reads: string;
  readonly link: "none" | "logistic" | "softmax";
}

/** Why a graph's trees cannot be read, in words. */
export interface Unreadable {
  readonly why: string;
}

/** Attributes by name; what is absent is empty. Numbers may be kept as a list or as a tensor (`…_as_tensor`). */
export function attributesOf({ attributes }: GraphNode) {
  const of = (name: string): NodeAttribute | undefined => attributes.get(name);
  return {
    int: (name: string, absent: number): number => of(name)?.i ?? absent,
    text: (name: string): string => of(name)?.s ?? "",
    ints: (name: string): readonly number[] => of(name)?.ints ?? [],
    strings: (name: string): readonly string[] => of(name)?.strings ?? [],
    floats: (name: string): ArrayLike<number> =>
      of(`${name}_as_tensor`)?.tensor?.values ?? of(name)?.tensor?.values ?? of(name)?.floats ?? [],
  };
}

export const missingOf = (tracks: readonly number[], size: number): Uint8Array =>
  tracks.length === size ? Uint8Array.from(tracks) : new Uint8Array(size);

/** Nodes that are nobody's child, in order. */
export function rootsOf(yes: Int32Array, no: Int32Array): Int32Array {
  const isChild = new Uint8Array(yes.length);
  for (const children of [yes, no]) for (const c of children) if (c >= 0) isChild[c] = 1;
  return Int32Array.from(isChild.keys()).filter((i) => isChild[i] === 0);
}

/** Weights in the order of their nodes. */
export function leavesByNode(
  leaves: readonly { readonly node: number; readonly target: number; readonly weight: number }[],
  size: number,
): Pick<TreeModel, "firstWeight" | "target" | "weight"> {
  const firstWeight = new Int32Array(size + 1);
  for (const { node } of leaves) firstWeight[node + 1]!++;
  for (let i = 0; i < size; i++) firstWeight[i + 1]! += firstWeight[i]!;
  const at = firstWeight.slice(0, size);
  const target = new Int32Array(leaves.length);
  const weight = new Float64Array(leaves.length);
  for (const leaf of leaves) {
    const to = at[leaf.node]!++;
    target[to] = leaf.target;
    weight[to] = leaf.weight;
  }
  return { firstWeight, target, weight };
}
