import type { Command } from "commander";
import pc from "picocolors";
import { pageWidth } from "./render-text.ts";

interface Help {
  /** One sentence, lower case, no full stop: stands in the list of commands. */
  readonly summary: string;
  /** What a person should know before using it. */
  readonly about: string;
  /** What to type, and what that does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
}

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "Begin:": ["init", "demo", "up"],
  "Models:": [
    "train",
    "import",
    "leaderboard",
    "family",
    "predict",
    "explain",
    "score",
    "split",
    "promote",
    "rollback",
    "route",
  ],
  "Pipelines:": ["run", "signal"],
  "Look:": ["status", "runs", "compare", "reproduce", "predictions", "show", "logs"],
  "Operate:": ["cancel", "doctor", "gc", "start"],
};

const HELP: Readonly<Record<string, Help>> = {
  init: {
    summary: "look at a data file and write a project for it",
    about:
      "Reads the file once and infers what each column is for: the target and its task, categories, texts, times, ids, and columns that seem to know the answer, which are left out. Writes millwright.config.ts, short enough to be read, and .gitignore. Changes nothing else and overwrites nothing without --force. Without --target it lists the columns and exits with 2.",
    examples: [
      ["millwright init churn.csv --target Churn", "a project in this folder"],
      ["millwright init 'data/*.parquet' --target cnt --time day", "many files, split by time"],
      [
        "millwright init sms.tsv --header label,text --target label",
        "a file without a header line",
      ],
    ],
  },
  demo: {
    summary: "two true stories from beginning to end, offline, in about a minute",
    about:
      "Runs in a folder of its own and touches no project. Mail security: mails of 2002 in their order, the riskiest forwarded to analysts, labels that come late, a challenger in shadow. And a shock: air travellers in March 2020. Nothing in it is scripted to succeed.",
    examples: [
      ["millwright demo", "tells both stories, then ends"],
      ["millwright demo --keep", "leaves everything running and prints where to look"],
    ],
  },
  up: {
    summary: "start everything: console, worker, gateway, database",
    about:
      "One process that starts the others and keeps them running until Ctrl-C. Runs that were interrupted go on where they stopped. A second `up` in the same folder is refused, not confused.",
    examples: [
      ["millwright up", "console on port 7400, predictions on port 7401"],
      ["MILLWRIGHT_PORT=0 MILLWRIGHT_GATEWAY_PORT=0 millwright up", "on any free ports"],
      ["DATABASE_URL=postgres://… millwright up", "with a PostgreSQL of your own"],
    ],
  },
  start: {
    summary: "start one part, for many machines: control, worker, gateway or shipper",
    about:
      "What `up` starts on one machine can be started part by part on many, with one database and one blob store: any number of workers and gateways.",
    examples: [
      ["DATABASE_URL=… BLOB_URL=… millwright start worker", "one more worker"],
      ["millwright start worker --queue gpu --concurrency 1", "one that only takes from a queue"],
      [
        "DATABASE_URL=… BLOB_URL=… millwright start gateway",
        "one more gateway behind the balancer",
      ],
    ],
  },
  train: {
    summary: "train candidates, judge the best one, deploy it if it passes",
    about:
      "Reads the data, splits it, lets candidates race on folds of the training part until the budget is used up, takes the simplest that is within one standard error of the best, and judges it on rows nobody has trained on. A version that passes every gate becomes champion, or runs in shadow beside the champion where there is live traffic. Interrupted runs go on where they stopped. Where the same code, data and settings have been trained before, that run's version stands, and nothing is repeated without --again.",
    examples: [
      ["millwright train", "the project's only model"],
      ["millwright train churn --budget 10m", "a search for ten minutes"],
      ["millwright train churn --trials 60", "of 60 configurations"],
      ["millwright train churn --detach", "leaves it to the worker of `millwright up`"],
      ["millwright train churn --again", "although nothing has changed since the last time"],
    ],
  },
  import: {
    summary: "make any ONNX file a version of a model",
    about:
      "Reads the file's inputs and outputs, cuts maps off its edges (scikit-learn's ZipMap) and gives them as tensors with their keys, puts weights in files beside it inside, and tries it: which shapes come out, and whether rows may share a run. Then it is served by every protocol, like a model trained here. No gate judges it: it becomes champion where the model has none, or for a reason you state. With --evaluate, where the project has a model of this name, it is judged on the held-out rows as a trained version is, and deployed if it passes. A folder without a project becomes one.",
    examples: [
      ["millwright import model.onnx --name churn", "champion, if the model has none"],
      [
        "millwright import model.onnx --columns age,income,tenure",
        "names for the columns of [N,3]",
      ],
      [
        "millwright import cnn.onnx --task multiclass --classes cat,dog,bird",
        "scores that are no probabilities: their softmax",
      ],
      [
        'millwright import new.onnx --name churn --reason "trained on May"',
        "instead of the champion",
      ],
      ["millwright import model.onnx --name churn --evaluate", "judged, then deployed or kept"],
    ],
  },
  leaderboard: {
    summary: "the race behind a version: candidates, intervals, choice, verdict",
    about:
      "Shows each candidate's mean over folds with its 95 % interval, why the winner was chosen, how the rows were split and why, what the winner scored on the test rows, and what every gate said.",
    examples: [
      ["millwright leaderboard", "the newest version of the only model"],
      ["millwright leaderboard churn@champion", "of the version that answers now"],
      ["millwright leaderboard churn 3 --json", "as data"],
    ],
  },
  family: {
    summary: "a model's members: which stand alone, what they gain, which have become worse",
    about:
      "Shows a family level by level, then its members, those with the largest gain first: what answers, its loss on test rows against its parent's, and the rate of false discoveries at which it would stand alone. With a member's name it tells what was tried and why.",
    examples: [
      ["millwright family cancels", "levels and the members with the largest gain"],
      ["millwright family cancels --level 0 --search PRT", "members of the finest level"],
      ["millwright family cancels cancels.9.PRT.Groups", "one member"],
      ["millwright family cancels --check --from 2026-05-01", "which have become worse since then"],
      ["millwright family cancels --limit 100000 --json", "everything, as data"],
    ],
  },
  predict: {
    summary: "ask the champion about one row",
    about:
      "Columns are given as name=value; those left out count as missing. The answer says which version gave it.",
    examples: [
      ["millwright predict churn tenure=3 Contract=Month-to-month", "one row"],
      ['millwright predict mail subject="You won" sender_domain=example.com --json', "as data"],
    ],
  },
  explain: {
    summary: "what drives a model: how much each column adds to what it says",
    about:
      "Explains rows of the training data that were kept with the version (or rows of your own) and averages the size of what each column adds, with a 95 % interval. Exact for trees and linear models; other models are run on mixed rows. Why one prediction came out as it did: millwright predict --explain.",
    examples: [
      ["millwright explain churn", "the champion"],
      ["millwright explain price --background sample.csv", "an imported model: it kept no rows"],
      [
        "millwright explain churn --with 3 --rows week.jsonl",
        "another version, on rows of your own",
      ],
    ],
  },
  score: {
    summary: "predict every row of files into another file",
    about:
      "Reads csv, tsv, jsonl or parquet, one file or many, and writes one parquet, csv or jsonl file, by its name: the rows in their order with their columns, then prediction, probabilities, version, abstained. All cores work at it, in parts that are kept: after a crash, or asked again, it goes on where it stopped, and no row is scored twice. Rows that cannot be scored stand in a file beside the result with line and reason. Without a running `up` the command works by itself.",
    examples: [
      ["millwright score churn new.csv --out scored.parquet", "csv in, parquet out"],
      ["millwright score churn 'day=*/part.parquet' --out all.parquet", "many files in, one out"],
      [
        "millwright score spam today.csv -o today.parquet --capacity 40/hour",
        "and the 40 riskiest for people, none of them twice",
      ],
      ["millwright score spam today.csv -o today.csv --explain", "with the reasons of each answer"],
    ],
  },
  compare: {
    summary: "runs side by side: params, metrics, data, environment",
    about:
      "Shows what differs between two or more runs: those of `millwright train` and their candidates (the run's id, a dash, the candidate), and those that MLflow's clients logged. A version stands for the run that made it.",
    examples: [
      ["millwright compare churn@3 churn@champion", "what changed between two versions"],
      ["millwright compare run_01m7y… run_01m8a… --all", "with what is the same"],
    ],
  },
  reproduce: {
    summary: "make a version again from its record, and judge the result",
    about:
      "Fits the recorded candidate on the recorded version of the data with the recorded seed, as a durable run. Says `same bytes` when the very same file comes out, `same metrics` when another one is as good on the same held-out rows (within 0.001), else `differs`, with what has changed since; then it exits with 1. Nothing that is served is touched.",
    examples: [
      ["millwright reproduce churn", "the champion"],
      ["millwright reproduce churn@3 --json", "another version, as data"],
    ],
  },
  split: {
    summary: "write the rows a model may learn from, for training elsewhere",
    about:
      "Divides the data as a training here would, and writes the training part. The rest stays here and judges every version of the model, those that are logged from Python among them: who trains on all rows is judged on rows it has seen.",
    examples: [["millwright split churn --out train.csv", "then train on train.csv"]],
  },
  cancel: {
    summary: "stop a run that is not over",
    about:
      "Finished steps keep their results; nothing further begins. Asked for again, a cancelled batch goes on with the parts that were scored.",
    examples: [["millwright cancel run_01m7y…", "the id as `runs` shows it"]],
  },
  promote: {
    summary: "make a version the champion",
    about:
      "Alias, route and reason change in one transaction; gateways follow within a second and drop no request. A version that did not pass its gates needs --force. The champion before it stays beside, so that a bad promotion is noticed.",
    examples: [
      ["millwright promote churn challenger", "the version in shadow"],
      ['millwright promote churn 4 --reason "agreed with sales"', "kept in the history"],
    ],
  },
  rollback: {
    summary: "go back to the champion before this one",
    about: "Twice goes back two versions, not to and fro. The history keeps who, when and why.",
    examples: [
      ["millwright rollback", "the project's only model"],
      ['millwright rollback churn --reason "too many false alarms"', "kept in the history"],
    ],
  },
  route: {
    summary: "who answers for a model: canary, A/B, bandit, fallbacks, deadline",
    about:
      "Without options it shows the route: shares asked for and served, and how each version did. Rows with the dataset's key meet the same version as long as the shares last. Every change is kept with its reason; gateways follow within a second and drop no request. A canary is ended by itself when it fails, is slower, abstains more or is worse than the champion.",
    examples: [
      ["millwright route churn", "who answers, and how each does"],
      [
        "millwright route churn --canary 5 --version 3",
        "version 3 answers 5 %, until told otherwise",
      ],
      [
        "millwright route churn --canary 1,5,25,100 --version 3",
        "it climbs by itself, to champion",
      ],
      ["millwright route churn --ab 3=50,4=50", "A/B; the champion is one of them"],
      ["millwright route churn --bandit 3,4", "more to the one that is more often right"],
      ["millwright route churn --off", "the champion answers everything"],
      [
        "millwright route churn --fallback small --deadline 20ms",
        "who answers when it cannot, or is late",
      ],
      [
        "millwright route shop_17 --fallback shops",
        "a member of a family without a model of its own",
      ],
      ["millwright route churn --history", "every change; go back with --undo <revision>"],
    ],
  },
  run: {
    summary: "run a pipeline of the project and follow it",
    about:
      "A pipeline is a function of named steps that the project declares under `pipelines`. A finished step never runs again: killed at any moment, the run goes on with the next worker, with the code it began with. Its result is printed; with --json, as data. Left with Ctrl-C it goes on where a worker is. Without a running `up` the command works by itself.",
    examples: [
      ["millwright run nightly", "follows it to its end"],
      ["millwright run nightly --params '{\"limit\": 40}'", "with other params than its own"],
      ["millwright run nightly --detach", "leaves it to the worker of `millwright up`"],
      ["millwright runs --pipeline nightly", "its runs; stop one with: millwright cancel <run>"],
    ],
  },
  signal: {
    summary: "tell a run what it waits for",
    about:
      "A pipeline that calls run.waitFor(topic, …) waits, for days if need be, until this is said. Said before it waits, it is kept for it.",
    examples: [
      ["millwright signal run_01m7y… approved", "without more"],
      ['millwright signal run_01m7y… approved \'{"by": "me"}\'', "what waitFor gives back"],
    ],
  },
  status: {
    summary: "how things stand, and what to do next",
    about:
      "Champions with their score and its interval, challengers in shadow, open incidents, the newest data, the last runs, and the one thing worth doing now.",
    examples: [
      ["millwright status", ""],
      ["millwright status --json", "for a script"],
    ],
  },
  runs: {
    summary: "what has run, newest first",
    about:
      "Training, watching, deciding: every run of a pipeline, with its state and how long it took.",
    examples: [
      ["millwright runs", "the last 20"],
      ["millwright runs --state failed --limit 5", "what went wrong lately"],
      ["millwright runs --pipeline train --json", "as data"],
      ["millwright runs --parent <run>", "what a run has started"],
    ],
  },
  predictions: {
    summary: "what was answered, and what came of it",
    about:
      "The prediction log of a model: by time, entity, version, answer; one prediction with its row and its truth; all of them as a Parquet file. --erase-key deletes everything about one entity and says so in the event log.",
    examples: [
      ["millwright predictions is_spam --since 1h", "the last hour, newest first"],
      ["millwright predictions is_spam --key m17@example.org", "all about one entity"],
      ["millwright predictions is_spam --id pred_…", "one, with its row and its truth"],
      ["millwright predictions is_spam --since 30d --with-truth --out june.parquet", "as a file"],
      [
        'millwright predictions is_spam --erase-key m17@example.org --reason "asked by its owner"',
        "gone for ever",
      ],
    ],
  },
  gc: {
    summary: "remove for good what was deleted long ago, and what nothing names",
    about:
      "Runs, logged models and experiments that MLflow's clients deleted: their metrics, params, tags and files. What a registered version came from stays. Contents that no file has any more go a day later, since somebody may be about to use them; so do those that nothing in the database names (--grace), which steps leave whose process dies. What can still be restored is what is not older than --older-than.",
    examples: [
      ["millwright gc --dry-run", "what would go"],
      ["millwright gc", "what was deleted more than 30 days ago"],
      ["millwright gc --older-than 0d", "all that is deleted"],
    ],
  },
  show: {
    summary: "all about a run, a model, a version, a dataset or the incidents",
    about:
      "A run: its steps, durations, error. A model: versions and the history of its aliases with the reasons. A version: what it was made from, scores, weak slices, what it looks at, verdict. A dataset: columns, anomalies, rows that were set aside and why.",
    examples: [
      ["millwright show churn", "the model"],
      ["millwright show churn@champion", "the version that answers now"],
      ["millwright show run_01k2…", "a run, as `millwright runs` names it"],
      ["millwright show sha256:4f1c…", "whatever has that digest"],
      ["millwright show incidents", "what is wrong, the likely cause, the estimated loss"],
    ],
  },
  logs: {
    summary: "what the parts have written: control, worker, gateway, postgres",
    about: "The files are in .millwright/logs and .millwright/postgres.",
    examples: [
      ["millwright logs worker -n 20", "the worker's last 20 lines"],
      ["millwright logs -f", "everything, as it comes"],
    ],
  },
  doctor: {
    summary: "check the machine, the database, the ports and the project",
    about:
      "Each line says what was seen and, where something is wrong, what to do. Needs no project, changes nothing. Exits with 1 when something fails.",
    examples: [
      ["millwright doctor", ""],
      ["millwright doctor --json", "to attach to a question"],
    ],
  },
};

const ROOT = `
${pc.bold("From a file to predictions:")}
  millwright init churn.csv --target Churn   look at the data, write the project
  millwright train                           race, judge, deploy
  millwright up                              serve, watch, retrain; stop with Ctrl-C
  millwright status                          how things stand, and what to do next

Everything is kept in <project>/.millwright, unless DATABASE_URL and BLOB_URL say otherwise.
Exit codes: 0 done, 1 failed, 2 wrong usage. Every command has --help and --json.`;

/** Gives the program and each of its commands their texts. Call once, when all commands are there. */
export function explain(program: Command): void {
  const width = Math.min(90, pageWidth());
  style(program, width).helpCommand(false).addHelpText("after", ROOT);
  const order = Object.values(GROUPS).flat();
  const place = (command: Command) =>
    (order.indexOf(command.name()) + order.length + 1) % (order.length + 1);
  [...program.commands]
    .sort((a, b) => place(a) - place(b))
    .forEach((command, i) => {
      (program.commands as Command[])[i] = command;
    });
  for (const command of program.commands) {
    style(command, width);
    const help = HELP[command.name()];
    if (!help) continue;
    command.summary(help.summary).description(`${sentence(help.summary)}.\n\n${help.about}`);
    command.addHelpText("after", examples(help));
  }
  for (const [group, names] of Object.entries(GROUPS))
    for (const name of names)
      program.commands.find((command) => command.name() === name)?.helpGroup(group);
}

const style = (command: Command, helpWidth: number): Command =>
  command
    .configureHelp({ helpWidth, styleTitle: pc.bold, subcommandTerm: (sub) => sub.name() })
    .helpOption("-h, --help", "this text");

function examples(help: Help): string {
  const widest = Math.max(...help.examples.map(([line]) => line.length));
  const lines = help.examples.map(([line, does]) => {
    if (does === "") return `  ${line}`;
    return widest > 48
      ? `  ${line}\n      ${pc.dim(does)}`
      : `  ${line.padEnd(widest)}  ${pc.dim(does)}`;
  });
  return `\n${pc.bold("Examples:")}\n${lines.join("\n")}`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
