import type { RunSummary } from "@millwright/sdk/contract/shapes";

/** What a run is doing now, and how far it is when that is known. */
export function Progress({ progress }: { progress: NonNullable<RunSummary["progress"]> }) {
  const share = progress.fraction;
  return (
    <span className="progress">
      <span className="clip">
        <b>{progress.step}</b> {progress.message}
      </span>
      {share !== null && (
        <progress
          max={1}
          value={share}
          aria-label={`${progress.step}: ${Math.round(share * 100)} %`}
        />
      )}
    </span>
  );
}
