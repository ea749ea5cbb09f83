import { hasToken } from "../../api.ts";
import { Command } from "../../ui/command.tsx";

/** How MLflow's clients are pointed to this server. */
export const LogHere = ({ experiment }: { experiment?: string }) => (
  <p className="same">
    <span>Scripts that use MLflow log here, unchanged, with</span>
    <Command
      text={`export MLFLOW_TRACKING_URI=${location.origin}${hasToken ? " MLFLOW_TRACKING_TOKEN=…" : ""}${
        experiment === undefined
          ? ""
          : ` MLFLOW_EXPERIMENT_NAME='${experiment.replaceAll("'", "'\\''")}'`
      }`}
    />
  </p>
);
