"""Many callers at once: no stall, nothing lost, nothing twice."""

import concurrent.futures
import unittest

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from tracked import CONTROL, URL, Tracking, defect, fresh

THREADS = 32


def at_once(work, count=THREADS):
    """The results of `count` threads that begin together."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


class AtOnce(Tracking):
    @defect("its pool of connections dead-locks from 16 batches on", stalls=True)
    def test_batches_of_many_runs(self):
        place = self.experiment()

        def work(thread):
            client = MlflowClient(URL)
            run = client.create_run(place).info.run_id
            for batch in range(8):
                client.log_batch(
                    run,
                    [Metric(f"m{i % 10}", i, i, batch * 100 + i) for i in range(100)],
                    [Param(f"p{batch}", str(thread))],
                    [RunTag(f"t{batch}", "x")],
                )
            return run

        # A call to a stalled pool fails after half a minute, and nobody asks again.
        for run in at_once(work)[::8]:
            data = self.client.get_run(run).data
            self.assertEqual((len(data.metrics), len(data.params)), (10, 8))
            self.assertEqual(len(self.client.get_metric_history(run, "m3")), 80)

    @defect("its pool of connections dead-locks from 16 batches on", stalls=True)
    def test_batches_of_one_run(self):
        run = self.new_run()

        def work(thread):
            client = MlflowClient(URL)
            for step in range(5):
                client.log_batch(run, [Metric("shared", thread, 1, step), Metric(f"own{thread}", step, 1, step)])

        at_once(work)
        self.assertEqual(len(self.client.get_metric_history(run, "shared")), THREADS * 5)
        metrics = self.client.get_run(run).data.metrics
        self.assertEqual(metrics["shared"], THREADS - 1)
        self.assertEqual(sum(key.startswith("own") for key in metrics), THREADS)

    @unittest.skipIf(CONTROL, "SQLite under MLflow's server is locked now and then")
    def test_one_wins(self):
        """An experiment of one name, a model's next version, a param's value: whoever comes first."""
        name, run = fresh("model"), self.new_run()
        self.client.create_registered_model(name)

        def experiment(_):
            try:
                return MlflowClient(URL).create_experiment(name)
            except Exception as error:
                return error.error_code

        made = at_once(experiment)
        self.assertEqual(sum(m != "RESOURCE_ALREADY_EXISTS" for m in made), 1)
        versions = at_once(lambda _: int(MlflowClient(URL).create_model_version(name, "s3://b/m").version))
        self.assertEqual(sorted(versions), list(range(1, THREADS + 1)))

        def param(thread):
            try:
                MlflowClient(URL).log_batch(run, params=[Param("p", str(thread))])
                return str(thread)
            except Exception as error:
                return error.error_code

        won = [p for p in at_once(param) if p != "INVALID_PARAMETER_VALUE"]
        self.assertEqual(won, [self.client.get_run(run).data.params["p"]])
