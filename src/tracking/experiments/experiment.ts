export type LifecycleStage = "active" | "deleted";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface Experiment {
  /** Decimal integer; "0" is Default. */
  readonly id: string;
  readonly name: string;
  /** URI below which its runs keep their artifacts. */
  readonly artifactLocation: string;
  readonly lifecycleStage: LifecycleStage;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly Tag[];
}
