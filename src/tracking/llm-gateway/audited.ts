/** Who made a thing of the gateway, and who changed it last. Times in milliseconds since 1970. */
export interface Audited {
  readonly created_at: number;
  readonly updated_at: number;
  readonly created_by: string | null;
  readonly updated_by: string | null;
}

export const AUDIT = "created_at, updated_at, created_by, updated_by";

/** In MLflow's JSON. */
export const auditView = (thing: Audited) => ({
  created_at: thing.created_at,
  last_updated_at: thing.updated_at,
  ...(thing.created_by === null ? {} : { created_by: thing.created_by }),
  ...(thing.updated_by === null ? {} : { last_updated_by: thing.updated_by }),
});

/** Who does it, and when. */
export interface By {
  readonly by: string | undefined;
  readonly at: number;
}
