-- Files of runs and models. The content is in blobs of their own; folders have rows too, so that what lies in one is found by index.
create table millwright.artifact (
  -- The path, where it is short; else its beginning and its digest, since an index takes no more than 2700 bytes.
  key text collate "C" primary key,
  -- The key of the folder it lies in; '' is the root.
  parent text collate "C" not null,
  path text not null,
  -- null: a folder.
  digest text,
  bytes bigint,
  created_at timestamptz not null default now()
);
create index artifact_parent on millwright.artifact (parent, key);
create index artifact_digest on millwright.artifact (digest) where digest is not null;

-- Blobs that no artifact refers to since then.
create table millwright.artifact_garbage (
  digest text primary key,
  since timestamptz not null default now()
);

-- In the order of their digests, so that two who drop the same ones do not wait for each other.
create function millwright.artifact_dropped() returns trigger language plpgsql as $$
begin
  insert into millwright.artifact_garbage (digest)
    select distinct digest from dropped where digest is not null order by digest
    on conflict (digest) do update set since = now();
  return null;
end $$;
create trigger artifact_replaced after update on millwright.artifact
  referencing old table as dropped for each statement execute function millwright.artifact_dropped();
create trigger artifact_deleted after delete on millwright.artifact
  referencing old table as dropped for each statement execute function millwright.artifact_dropped();
