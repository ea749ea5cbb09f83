import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Engine } from "./engine.ts";
import type { EventLog } from "./events.ts";
import type { Schedules } from "./schedule.ts";
import type { Trigger } from "./trigger.ts";

/**
 * Once a second: what is due by schedule, and what happened, starts runs. Follows the events before it returns, so nothing is
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
  const { engine, events, schedules, triggers, clock, log } = deps;
  await events.follow(triggers.map(({ name }) => name));
  let turn: Promise<void> | undefined;

  const once = async (): Promise<void> => {
    await schedules.tick(clock.now());
    for (const trigger of triggers)
      await events.consume(trigger.name, trigger.on, async (event) => {
        const input = await trigger.input(event);
        if (input === undefined) return;
        const id = `run_${trigger.name}_${event.id}`;
        await engine.submit(trigger.pipeline, input, { id });
        log.info(`${event.type} of '${event.subject}' starts ${trigger.pipeline}`, { run: id });
      });
  };
  const timer = setInterval(() => {
    turn ??= once()
      .catch((error: Error) => log.warn(`schedules and events: ${error.message}`))
      .finally(() => {
        turn = undefined;
      });
  }, deps.everyMs ?? 1000);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await turn;
    },
  };
}
