import { monitorEventLoopDelay } from "node:perf_hooks";
import { type FamilySnapshot, type MetricFamily, present } from "../lib/metrics.ts";

/** What every process tells of itself; the names Prometheus' own client libraries use, and how late its timers fire. */
export const PROCESS_METRICS = {
  cpu: {
    ...{ name: "process_cpu_seconds_total", type: "counter" },
    help: "User and system CPU time spent.",
  },
  memory: {
    ...{ name: "process_resident_memory_bytes", type: "gauge" },
    help: "Resident memory.",
  },
  heap: {
    ...{ name: "nodejs_heap_size_used_bytes", type: "gauge" },
    help: "JavaScript heap in use.",
  },
  external: {
    ...{ name: "nodejs_external_memory_bytes", type: "gauge" },
    help: "Memory of buffers outside the JavaScript heap.",
  },
  started: {
    ...{ name: "process_start_time_seconds", type: "gauge", merge: "max" },
    help: "When the process started, seconds since 1970.",
  },
  delay: {
    ...{ name: "nodejs_eventloop_delay_seconds", type: "gauge", merge: "max" },
    help: "How late timers fire, since the last scrape.",
    labels: ["quantile"],
  },
} as const satisfies Readonly<Record<string, MetricFamily>>;

export interface ProcessMetrics {
  /** Delays of the event loop are counted afresh after every call. */
  snapshot(): FamilySnapshot[];
  stop(): void;
}

const RESOLUTION_MS = 20;

export function processMetrics(): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const { cpu, memory, heap, external, started, delay: late } = PROCESS_METRICS;
  return {
    snapshot() {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed, external: outside } = process.memoryUsage();
      // The histogram holds whole intervals: what is beyond the resolution is the delay. In nanoseconds.
      const seconds = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS) / 1000;
      const delays = [
        [seconds(delay.percentile(50)), "0.5"],
        [seconds(delay.percentile(99)), "0.99"],
        [seconds(delay.max), "1"],
      ] as const;
      delay.reset();
      return [
        present(cpu, [[(user + system) / 1e6]]),
        present(memory, [[rss]]),
        present(heap, [[heapUsed]]),
        present(external, [[outside]]),
        present(started, [[Math.round(performance.timeOrigin) / 1000]]),
        present(late, delays),
      ];
    },
    stop: () => delay.disable(),
  };
}
