import { category, defineProject, numeric, text } from "millwright";
import { nightly } from "./pipelines/nightly.ts";

export default defineProject({
  name: "nightly",
  datasets: {
    mail: { source: "../mail/data/mail.csv.gz", key: "message_id", time: "received_at" },
  },
  models: {
    spam: {
      dataset: "mail",
      target: "is_spam",
      positive: "yes",
      features: {
        subject: text(),
        sender_domain: category(),
        has_html: numeric(),
        n_urls: numeric(),
      },
      onlyListed: true,
      train: { budget: "10s", trainers: ["baseline", "linear"] },
      forward: { to: "analysts", capacity: "40/day" },
    },
  },
  pipelines: { nightly },
});
