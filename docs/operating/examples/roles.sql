-- The role of the application: it reads and writes rows, owns no table, and may neither change nor drop a trigger.
-- Run by the owner (who also runs `zhengtong upgrade`) in the database of the installation, once after `zhengtong init`
-- and again after each upgrade: what is granted is the same, and new tables are covered.

DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'zhengtong_app') THEN CREATE ROLE zhengtong_app; END IF;
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO zhengtong_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO zhengtong_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO zhengtong_app;
REVOKE UPDATE, DELETE ON ledger_event, trail_entry FROM zhengtong_app;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM zhengtong_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO zhengtong_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO zhengtong_app;
