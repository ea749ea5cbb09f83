import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Engine } from "./engine.ts";
import type { Event } from "./event.ts";
import type { EventLog } from "./events.ts";
import { regularly } from "./regularly.ts";
import type { Schedules } from "./schedule.ts";
import type { Trigger } from "./trigger.ts";

/**
 * Once a second: what happened, and what is due by schedule, starts runs. Follows the events before it returns, so nothing is
 * missed of what happens after. Any number of processes may do this at once; a run is started once (its id is made of trigger
 * and event). Does not keep the process alive.
 */
export async function runTriggers(deps: {
  engine: Pick<Engine, "submit">;
  events: EventLog;
  schedules: Schedules;
  triggers: readonly Trigger[];
  clock: Clock;
  log: Log;
  everyMs?: number;
}): Promise<{ stop(): Promise<void> }> {
  const { engine, events, schedules, triggers, clock, log, everyMs = 1000 } = deps;
  await events.follow(triggers.map(({ name }) => name));

  const answer = async (trigger: Trigger, event: Event): Promise<void> => {
    const input = await trigger.input(event);
    if (input === undefined) return;
    const id = `run_${trigger.name}_${event.id}`;
    await engine.submit(trigger.pipeline, input, { id });
    log.info(`${event.type} of '${event.subject}' starts ${trigger.pipeline}`, { run: id });
  };
  return regularly({ everyMs, what: "schedules and events", log }, async () => {
    for (const trigger of triggers)
      await events.consume(trigger.name, trigger.on, (event) =>
        answer(trigger, event).catch((error: Error) => {
          const what = `${event.type} of '${event.subject}' (event ${event.id})`;
          log.warn(`${what} could not start ${trigger.pipeline}: ${error.message}`);
          throw error;
        }),
      );
    await schedules.tick(clock.now());
  });
}
