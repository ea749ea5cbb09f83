import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Empty } from "../../ui/empty.tsx";
import { Page, Pending } from "../../ui/page.tsx";
import { IncidentCard } from "./incident-card.tsx";

export function IncidentsPage() {
  const live = useLive("incidents", () => api.incidents({}));
  if (!live.data) return <Pending live={live} title="Incidents" />;
  const { incidents } = live.data;
  const open = incidents.filter((i) => i.state === "open").length;
  return (
    <Page
      title="Incidents"
      lead={
        incidents.length === 0
          ? "One incident per cause, however many signs of it there are."
          : `${open === 0 ? "None" : open} open, ${incidents.length - open} resolved. One incident per cause, however many signs of it there are.`
      }
    >
      {incidents.length === 0 ? (
        <Empty title="No incident so far.">
          Every window of predictions is compared with what the model was trained on. When something
          is out of its calibrated range, it appears here with its likely cause, the estimated loss
          and what to do.
        </Empty>
      ) : (
        <div className="stack">
          {incidents.map((incident) => (
            <IncidentCard key={incident.id} incident={incident} withModel />
          ))}
        </div>
      )}
    </Page>
  );
}
