/** A table of all cells, the median of their rounds, as Markdown. */
export function report(about, cells) {
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const rows = [...new Set(cells.map(({ row, clients: n }) => `${row}|${n}`))].map((key) => {
    const [row, n] = key.split("|");
    const of = (server, field) => {
      const found = cells.filter((cell) => cell.row === row && cell.clients === Number(n) && cell.server === server).map((cell) => cell[field]);
      return found.length === 0 || found[0] === undefined ? undefined : median(found);
    };
    const speed = (server) => {
      const seconds = of(server, "seconds");
      if (seconds !== undefined) return `${seconds.toFixed(2)} s`;
      return of(server, "rps") === undefined ? "" : `${of(server, "rps").toFixed(1)}/s`;
    };
    const tail = (server) => (of(server, "p99") === undefined ? "" : `${of(server, "p50").toFixed(1)} / ${of(server, "p99").toFixed(0)}`);
    const bad = (server) => of(server, "bad") || "";
    const ratio = of("ours", "seconds") !== undefined ? of("mlflow", "seconds") / of("ours", "seconds") : of("ours", "rps") / of("mlflow", "rps");
    const p99 = of("mlflow", "p99") / of("ours", "p99");
    // All clients ask without a pause, so the mean time is clients / rate. Where it is above the "p99", most of them never got an answer.
    const stalls = (1000 * Number(n)) / of("mlflow", "rps") > of("mlflow", "p99");
    const times = (value) => (Number.isFinite(value) ? `${value.toFixed(1)}×` : "");
    const mb = (server) => of(server, "memoryMb")?.toFixed(0) ?? "";
    return `| ${row} | ${n} | ${speed("ours")} | ${tail("ours")} | ${mb("ours")} | ${bad("ours")} | ${speed("mlflow")} | ${tail("mlflow")} | ${mb("mlflow")} | ${bad("mlflow")} | ${times(ratio)} | ${stalls ? "MLflow stalls" : times(p99)} |`;
  });
  return `# Tracking: MLflow's calls, our server and MLflow's own

Command: \`${about.command}\` on ${about.machine}, Node ${about.node}, ${about.date}; peer: ${about.theirs}. Both servers are up side by side on
one PostgreSQL 18 (a database each) and measured in turns; load generator wrk, one thread, on the same machine. Load average at the end: ${about.load.toFixed(1)}.
Answers that are not 2xx count as bad. wrk times only what is answered: "MLflow stalls" where clients / rate, which is the mean time of all, is
above the p99 of those answered (connections that wait for ever are not in it). Memory is that of the server's processes, shared pages once, without PostgreSQL.

| call | clients | ours | p50 / p99 ms | MB | bad | MLflow | p50 / p99 ms | MB | bad | faster | p99 better |
|---|---|---|---|---|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
}
