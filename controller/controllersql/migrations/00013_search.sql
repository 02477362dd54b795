-- +goose Up
-- what lists of devices are searched for, folded, by its trigrams: a text is found in
-- 100,000 devices without reading them. A database whose server has no pg_trgm, or
-- that may not have it, reads them
CREATE INDEX controller_device_key_hint ON controller_device (key_hint) WHERE key_hint <> '';

-- +goose StatementBegin
DO $$
DECLARE
    place TEXT;
BEGIN
    FOR try IN 1..20 LOOP
        SELECT n.nspname INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
        EXIT WHEN place IS NOT NULL OR try = 20 OR NOT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm');
        BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
        EXCEPTION
            WHEN insufficient_privilege OR invalid_schema_name THEN EXIT;
            WHEN OTHERS THEN PERFORM pg_sleep(0.05); -- somebody else makes it
        END;
    END LOOP;
    IF place IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format($i$CREATE INDEX controller_device_search ON controller_device USING gin ((lower((id::text || chr(10) || name || chr(10) || mac_address || chr(10) || hardware_id || chr(10) || model || chr(10) || os || chr(10) || system || chr(10) || notes || chr(10) || coalesce(host(last_ip), '') || chr(10) || coalesce(host(management_ip), '')) COLLATE "C")) %I.gin_trgm_ops)$i$, place);
    EXECUTE format($i$CREATE INDEX controller_device_search_mac ON controller_device USING gin ((upper(replace(replace(mac_address, ':', ''), '-', '') COLLATE "C")) %I.gin_trgm_ops)$i$, place);
    EXECUTE format($i$CREATE INDEX controller_config_search ON controller_config USING gin ((lower((error_reason || chr(10) || not_renewed_reason) COLLATE "C")) %I.gin_trgm_ops) WHERE error_reason <> '' OR not_renewed_reason <> ''$i$, place);
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP INDEX IF EXISTS controller_config_search;
DROP INDEX IF EXISTS controller_device_search_mac;
DROP INDEX IF EXISTS controller_device_search;
DROP INDEX controller_device_key_hint;
