-- Of a family, rows by who answered: { levels, stoodIn }; null = one version answered all.
alter table millwright.score_part add column answered jsonb;
