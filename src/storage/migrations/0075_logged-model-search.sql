-- The latest value of a metric of a logged model, and whether a model has one that a filter asks for.
create index logged_model_metric_latest on millwright.logged_model_metric (model, key, timestamp, step, value);
