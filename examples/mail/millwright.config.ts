import { category, defineProject, ignore, numeric, text } from "millwright";

/** Which incoming mails are spam, from what is known when they arrive. Scored hour by hour, retrained every week. */
export default defineProject({
  name: "mail",
  datasets: {
    mail: { source: "data/mail.csv.gz", key: "message_id", time: "received_at" },
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
        // How a mail travelled and how long it is differ between the collections it was taken from.
        n_received: ignore(),
        body_chars: ignore(),
      },
      train: { budget: "20s" },
      deploy: { shadow: { minLabels: 200 } },
      retrain: { every: "week" },
      monitor: { window: "week" },
    },
  },
});
