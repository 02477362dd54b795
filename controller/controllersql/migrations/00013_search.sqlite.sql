-- +goose Up
-- what lists of devices are searched for, folded, by its trigrams: a text is found in
-- 100,000 devices without reading them. Numbers of its own: those of rows change
-- when a database is written anew
CREATE TABLE controller_search_row (
    number INTEGER PRIMARY KEY,
    device_id UUID NOT NULL,
    part INTEGER NOT NULL -- 0: the device, 1: what went wrong with its configuration
);
CREATE UNIQUE INDEX controller_search_row_device ON controller_search_row (device_id, part);
CREATE VIRTUAL TABLE controller_search USING fts5 (body, mac, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1');
CREATE INDEX controller_device_key_hint ON controller_device (key_hint) WHERE key_hint <> '';

-- addresses are spelt as people read them
CREATE VIEW controller_search_text (device_id, part, body, mac) AS
    SELECT id, 0, lower(id || char(10) || name || char(10) || mac_address || char(10) || hardware_id || char(10) || model || char(10) || os || char(10) || system || char(10) || notes
            || coalesce((SELECT group_concat(char(10) || CASE
        WHEN substr(a, 1, 1) = '4' THEN (instr('123456789abcdef', substr(a, 2, 1)) * 16 + instr('123456789abcdef', substr(a, 3, 1))) || '.' || (instr('123456789abcdef', substr(a, 4, 1)) * 16 + instr('123456789abcdef', substr(a, 5, 1))) || '.' || (instr('123456789abcdef', substr(a, 6, 1)) * 16 + instr('123456789abcdef', substr(a, 7, 1))) || '.' || (instr('123456789abcdef', substr(a, 8, 1)) * 16 + instr('123456789abcdef', substr(a, 9, 1)))
        WHEN substr(a, 2, 24) = '00000000000000000000ffff' THEN '::ffff:' || (instr('123456789abcdef', substr(a, 26, 1)) * 16 + instr('123456789abcdef', substr(a, 27, 1))) || '.' || (instr('123456789abcdef', substr(a, 28, 1)) * 16 + instr('123456789abcdef', substr(a, 29, 1))) || '.' || (instr('123456789abcdef', substr(a, 30, 1)) * 16 + instr('123456789abcdef', substr(a, 31, 1))) || '.' || (instr('123456789abcdef', substr(a, 32, 1)) * 16 + instr('123456789abcdef', substr(a, 33, 1)))
        WHEN substr(a, 1, 1) = '6' THEN (SELECT CASE
        WHEN instr(t, ':0:0:0:0:0:0:0:0:') > 0 THEN ltrim(substr(t, 1, instr(t, ':0:0:0:0:0:0:0:0:') - 1), ':') || '::' || rtrim(substr(t, instr(t, ':0:0:0:0:0:0:0:0:') + 17), ':')
        WHEN instr(t, ':0:0:0:0:0:0:0:') > 0 THEN ltrim(substr(t, 1, instr(t, ':0:0:0:0:0:0:0:') - 1), ':') || '::' || rtrim(substr(t, instr(t, ':0:0:0:0:0:0:0:') + 15), ':')
        WHEN instr(t, ':0:0:0:0:0:0:') > 0 THEN ltrim(substr(t, 1, instr(t, ':0:0:0:0:0:0:') - 1), ':') || '::' || rtrim(substr(t, instr(t, ':0:0:0:0:0:0:') + 13), ':')
        WHEN instr(t, ':0:0:0:0:0:') > 0 THEN ltrim(substr(t, 1, instr(t, ':0:0:0:0:0:') - 1), ':') || '::' || rtrim(substr(t, instr(t, ':0:0:0:0:0:') + 11), ':')
        WHEN instr(t, ':0:0:0:0:') > 0 THEN ltrim(substr(t, 1, instr(t, ':0:0:0:0:') - 1), ':') || '::' || rtrim(substr(t, instr(t, ':0:0:0:0:') + 9), ':')
        WHEN instr(t, ':0:0:0:') > 0 THEN ltrim(substr(t, 1, instr(t, ':0:0:0:') - 1), ':') || '::' || rtrim(substr(t, instr(t, ':0:0:0:') + 7), ':')
        WHEN instr(t, ':0:0:') > 0 THEN ltrim(substr(t, 1, instr(t, ':0:0:') - 1), ':') || '::' || rtrim(substr(t, instr(t, ':0:0:') + 5), ':')
        ELSE trim(t, ':') END
        FROM (SELECT ':' || coalesce(nullif(ltrim(substr(a, 2, 4), '0'), ''), '0') || ':' || coalesce(nullif(ltrim(substr(a, 6, 4), '0'), ''), '0') || ':' || coalesce(nullif(ltrim(substr(a, 10, 4), '0'), ''), '0') || ':' || coalesce(nullif(ltrim(substr(a, 14, 4), '0'), ''), '0') || ':' || coalesce(nullif(ltrim(substr(a, 18, 4), '0'), ''), '0') || ':' || coalesce(nullif(ltrim(substr(a, 22, 4), '0'), ''), '0') || ':' || coalesce(nullif(ltrim(substr(a, 26, 4), '0'), ''), '0') || ':' || coalesce(nullif(ltrim(substr(a, 30, 4), '0'), ''), '0') || ':' AS t)) END, '')
            FROM (SELECT d.last_ip AS a UNION ALL SELECT d.management_ip) WHERE a IS NOT NULL), '')),
        upper(replace(replace(mac_address, ':', ''), '-', ''))
    FROM controller_device d
    UNION ALL
    SELECT device_id, 1, lower(error_reason || char(10) || not_renewed_reason), '' FROM controller_config
    WHERE error_reason <> '' OR not_renewed_reason <> '';

-- +goose StatementBegin
CREATE TRIGGER controller_search_device_added AFTER INSERT ON controller_device BEGIN
    INSERT INTO controller_search_row (device_id, part) VALUES (NEW.id, 0);
    INSERT INTO controller_search (rowid, body, mac)
        SELECT r.number, t.body, t.mac FROM controller_search_text t JOIN controller_search_row r ON r.device_id = t.device_id AND r.part = t.part
        WHERE t.device_id = NEW.id AND t.part = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER controller_search_device_changed AFTER UPDATE OF name, mac_address, hardware_id, model, os, system, notes, last_ip, management_ip ON controller_device
WHEN NEW.name IS NOT OLD.name OR NEW.mac_address IS NOT OLD.mac_address OR NEW.hardware_id IS NOT OLD.hardware_id OR NEW.model IS NOT OLD.model OR NEW.os IS NOT OLD.os OR NEW.system IS NOT OLD.system OR NEW.notes IS NOT OLD.notes OR NEW.last_ip IS NOT OLD.last_ip OR NEW.management_ip IS NOT OLD.management_ip BEGIN
    DELETE FROM controller_search WHERE rowid = (SELECT number FROM controller_search_row WHERE device_id = NEW.id AND part = 0);
    INSERT INTO controller_search (rowid, body, mac)
        SELECT r.number, t.body, t.mac FROM controller_search_text t JOIN controller_search_row r ON r.device_id = t.device_id AND r.part = t.part
        WHERE t.device_id = NEW.id AND t.part = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER controller_search_device_gone AFTER DELETE ON controller_device BEGIN
    DELETE FROM controller_search WHERE rowid IN (SELECT number FROM controller_search_row WHERE device_id = OLD.id);
    DELETE FROM controller_search_row WHERE device_id = OLD.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER controller_search_fault_added AFTER INSERT ON controller_config WHEN NEW.error_reason <> '' OR NEW.not_renewed_reason <> '' BEGIN
    INSERT INTO controller_search_row (device_id, part) VALUES (NEW.device_id, 1);
    INSERT INTO controller_search (rowid, body, mac)
        SELECT r.number, t.body, t.mac FROM controller_search_text t JOIN controller_search_row r ON r.device_id = t.device_id AND r.part = t.part
        WHERE t.device_id = NEW.device_id AND t.part = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER controller_search_fault_changed AFTER UPDATE OF error_reason, not_renewed_reason ON controller_config
WHEN NEW.error_reason IS NOT OLD.error_reason OR NEW.not_renewed_reason IS NOT OLD.not_renewed_reason BEGIN
    DELETE FROM controller_search WHERE rowid = (SELECT number FROM controller_search_row WHERE device_id = NEW.device_id AND part = 1);
    DELETE FROM controller_search_row WHERE device_id = NEW.device_id AND part = 1;
    INSERT INTO controller_search_row (device_id, part) SELECT t.device_id, 1 FROM controller_search_text t WHERE t.device_id = NEW.device_id AND t.part = 1;
    INSERT INTO controller_search (rowid, body, mac)
        SELECT r.number, t.body, t.mac FROM controller_search_text t JOIN controller_search_row r ON r.device_id = t.device_id AND r.part = t.part
        WHERE t.device_id = NEW.device_id AND t.part = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER controller_search_fault_gone AFTER DELETE ON controller_config BEGIN
    DELETE FROM controller_search WHERE rowid = (SELECT number FROM controller_search_row WHERE device_id = OLD.device_id AND part = 1);
    DELETE FROM controller_search_row WHERE device_id = OLD.device_id AND part = 1;
END;
-- +goose StatementEnd

INSERT INTO controller_search_row (device_id, part) SELECT device_id, part FROM controller_search_text;
INSERT INTO controller_search (rowid, body, mac)
    SELECT r.number, t.body, t.mac FROM controller_search_text t JOIN controller_search_row r ON r.device_id = t.device_id AND r.part = t.part;

-- +goose Down
DROP TRIGGER controller_search_fault_gone;
DROP TRIGGER controller_search_fault_changed;
DROP TRIGGER controller_search_fault_added;
DROP TRIGGER controller_search_device_gone;
DROP TRIGGER controller_search_device_changed;
DROP TRIGGER controller_search_device_added;
DROP VIEW controller_search_text;
DROP INDEX controller_device_key_hint;
DROP TABLE controller_search;
DROP TABLE controller_search_row;
