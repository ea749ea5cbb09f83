/**
 * Kinds of searches for large.mjs. Each is made of the corpus (and what calls the server) and gives the body of the i-th search.
 * Values of metrics are uniform in [0, 1], of params whole numbers from 0 to 9.
 */
const uniform = (i) => ((Math.imul(i + 1, 2_654_435_761) >>> 0) % 10_000) / 10_000;
const digit = (i) => Math.floor(uniform(i) * 10);
const metric = (i) => `m${i % 20}`;

/** In the big experiment. */
const inBig = (make) => ({ big }) => (i) => ({ experiment_ids: [big], max_results: 100, ...make(i) });
const filter = (make) => inBig((i) => ({ filter: make(i) }));
const order = (make) => inBig((i) => ({ order_by: make(i) }));

/** Page after page of one search: the i-th search asks for page `i * step`. */
const deep = (step, body) => ({ big }, call) => {
  const base = { experiment_ids: [big], max_results: 100, ...body };
  let token;
  return async () => {
    for (let n = 0; n < step; n++) {
      const answer = await call("runs/search", { ...base, max_results: step > 1 ? 1000 : 100, page_token: token ?? "" });
      token = answer.next_page_token;
    }
    return { ...base, page_token: token ?? "" };
  };
};

export const SEARCHES = {
  newest: inBig(() => ({})),
  "newest, 1000 a page": inBig(() => ({ max_results: 1000 })),
  "newest, page after page": deep(1, {}),
  "newest, thousands deep": deep(2, {}),
  "in order of a metric, thousands deep": deep(2, { order_by: ["metrics.m3 DESC"] }),
  "metric, half of the runs": filter((i) => `metrics.${metric(i)} < ${0.4 + uniform(i) / 5}`),
  "metric, one of a thousand": filter((i) => `metrics.${metric(i)} > ${0.999 + uniform(i) / 10_000}`),
  "metric, none": filter((i) => `metrics.${metric(i)} > ${2 + i}`),
  "metric, equal": filter((i) => `metrics.${metric(i)} = ${uniform(i)}`),
  "two metrics, a hundredth": filter((i) => `metrics.${metric(i)} < 0.1 and metrics.${metric(i + 1)} < 0.1`),
  "two metrics, one of ten thousand": filter((i) => `metrics.${metric(i)} < 0.01 and metrics.${metric(i + 1)} < 0.01`),
  "three metrics that nearly exclude each other": filter((i) => `metrics.${metric(i)} < 0.02 and metrics.${metric(i + 1)} > 0.98 and metrics.${metric(i + 2)} < 0.02`),
  "param, a tenth": filter((i) => `params.p${i % 5} = '${digit(i)}'`),
  "param, none": filter((i) => `params.p${i % 5} = 'no ${i}'`),
  "params, three, one of a thousand": filter((i) => `params.p0 = '${digit(i)}' and params.p1 = '${digit(i + 1)}' and params.p2 = '${digit(i + 2)}'`),
  "params, five, one of a hundred thousand": filter((i) => [0, 1, 2, 3, 4].map((p) => `params.p${p} = '${digit(i + p)}'`).join(" and ")),
  "param not equal": filter((i) => `params.p1 != '${digit(i)}'`),
  "param like": filter((i) => `params.p1 like '%${digit(i)}%'`),
  "param like, none": filter((i) => `params.p1 like '%x${i}%'`),
  "tag, a seventh": filter((i) => `tags.kind = 'kind-${i % 7}'`),
  "tag like, none": filter((i) => `tags.kind like '%nothing ${i}%'`),
  "tag ilike": filter((i) => `tags.kind ilike '%KIND-${i % 7}%'`),
  "tag is null, none": filter(() => "tags.kind is null"),
  "tag nobody has, is null": filter((i) => `tags.other${i} is null`),
  "name like, a few": filter((i) => `attributes.run_name like '%-${1000 + i}%'`),
  "name equal": filter((i) => `attributes.run_name = 'run-${i * 997}'`),
  "status, none": filter(() => "attributes.status = 'RUNNING'"),
  "started within": filter((i) => `attributes.start_time > ${1_700_000_000_000 + i * 1000} and attributes.start_time < ${1_700_000_000_000 + i * 1000 + 500}`),
  "ids, a hundred": ({ big }) => (i) => ({
    ...{ experiment_ids: [big], max_results: 100 },
    filter: `attributes.run_id in (${[...Array(100).keys()].map((k) => `'c${Number(big).toString(16).padStart(3, "0")}${(i * 1000 + k).toString(16).padStart(28, "0")}'`).join(",")})`,
  }),
  "metric, param and tag": filter((i) => `metrics.${metric(i)} < 0.5 and params.p1 = '${digit(i)}' and tags.kind = 'kind-${i % 7}'`),
  "metric, param and tag, one of ten thousand": filter((i) => `metrics.${metric(i)} < 0.01 and params.p1 = '${digit(i)}' and tags.kind = 'kind-${i % 7}'`),
  "dataset, none": filter(() => "dataset.name = 'none'"),
  "in order of a metric": order((i) => [`metrics.${metric(i)} ${i % 2 ? "ASC" : "DESC"}`]),
  "in order of two metrics": order((i) => [`metrics.${metric(i)} ASC`, `metrics.${metric(i + 1)} DESC`]),
  "in order of a param": order((i) => [`params.p${i % 5} ${i % 2 ? "ASC" : "DESC"}`]),
  "in order of a tag": order(() => ["tags.kind ASC"]),
  "in order of names": order((i) => [`attributes.run_name ${i % 2 ? "ASC" : "DESC"}`]),
  "in order of ends": order((i) => [`attributes.end_time ${i % 2 ? "ASC" : "DESC"}`]),
  "in order of starts, oldest first": order(() => ["attributes.start_time ASC"]),
  "in order of a metric nobody has": order((i) => [`metrics.none${i} ASC`]),
  "param, a tenth, in order of a metric": inBig((i) => ({ filter: `params.p1 = '${digit(i)}'`, order_by: [`metrics.${metric(i)} DESC`] })),
  "metric, half, in order of another": inBig((i) => ({ filter: `metrics.${metric(i)} < 0.5`, order_by: [`metrics.${metric(i + 1)} ASC`] })),
  "metric, one of a thousand, in order of another": inBig((i) => ({ filter: `metrics.${metric(i)} < 0.001`, order_by: [`metrics.${metric(i + 1)} ASC`] })),
  "params, three, in order of a metric": inBig((i) => ({
    ...{ filter: `params.p0 = '${digit(i)}' and params.p1 = '${digit(i + 1)}' and params.p2 = '${digit(i + 2)}'` },
    order_by: [`metrics.${metric(i)} DESC`],
  })),
  "newest of fifty experiments": ({ small }) => () => ({ experiment_ids: small, max_results: 100 }),
  "newest of all experiments": ({ big, small }) => () => ({ experiment_ids: [big, ...small], max_results: 100 }),
  "metric in all experiments, in its order": ({ big, small }) => (i) => ({
    ...{ experiment_ids: [big, ...small], max_results: 100 },
    ...{ filter: `metrics.${metric(i)} > 0.3`, order_by: [`metrics.${metric(i)} ASC`] },
  }),
  "param and tag in all experiments": ({ big, small }) => (i) => ({
    ...{ experiment_ids: [big, ...small], max_results: 100 },
    filter: `params.p1 = '${digit(i)}' and tags.kind = 'kind-${i % 7}'`,
  }),
  "twenty clauses": filter((i) => [...Array(20).keys()].map((k) => `metrics.m${k} > ${uniform(i + k) / 20}`).join(" and ")),
};
