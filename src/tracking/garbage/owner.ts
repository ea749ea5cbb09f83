/** What was deleted and can be collected. */
export interface Owner {
  readonly kind: "run" | "model";
  readonly id: string;
  readonly artifactUri: string;
}

export interface Collected {
  readonly runs: number;
  readonly models: number;
  readonly experiments: number;
  /** Of what was removed with them. */
  readonly files: number;
  readonly bytes: number;
  /** Uploads in parts that nobody completed. */
  readonly uploads: number;
  /** Contents that no file has any more. */
  readonly blobs: number;
  /** What had to stay, and why. */
  readonly kept: readonly { readonly what: string; readonly why: string }[];
}

/**
 * The folder that is an owner's alone: that of its artifacts, and the one above where that bears its id. undefined: the URI does not
 * name the owner, so that others may have their files there too.
 */
export function folderOfOwner({ id, artifactUri }: Owner): string | undefined {
  const uri = artifactUri.replace(/\/+$/, "");
  for (const own of [uri.replace(/\/artifacts$/, ""), uri]) if (own.endsWith(`/${id}`)) return own;
  return uri.split("/").includes(id) ? uri : undefined;
}
