SET lock_timeout = '10s';
SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts \gexec
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS am CASCADE;
CREATE SCHEMA am;
GRANT USAGE ON SCHEMA am TO guest;
CREATE TABLE config (key text, value text, instance text DEFAULT 'GLOBAL');
INSERT INTO config VALUES ('@key@', '1763942400000'), ('ims.other.key', '1');
CREATE FUNCTION update_config(k text, v text, i text) RETURNS @returns@ LANGUAGE plpgsql AS $$
BEGIN
    @body@
END $$;
@prepare@
