-- Which truths came in a window: monitoring asks every hour, and reads only the segments of their predictions.
create index feedback_time on millwright.feedback (model, at);
