-- +goose Up
-- addresses by value: they sort, and what lies in a network is a piece of the index.
-- SQLite keeps the digits of an address in base 16 behind its family (sqlstore)
CREATE TABLE controller_spelling (ip TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO controller_spelling (ip, value)
WITH known (ip) AS (
    SELECT last_ip FROM controller_device WHERE last_ip IS NOT NULL UNION SELECT management_ip FROM controller_device WHERE management_ip IS NOT NULL
), dotted (ip, family, bytes) AS (
    SELECT ip, '4', '[' || replace(ip, '.', ',') || ']' FROM known WHERE ip NOT LIKE '%:%'
    UNION ALL
    SELECT ip, '600000000000000000000ffff', '[' || replace(substr(ip, 8), '.', ',') || ']' FROM known WHERE ip LIKE '::ffff:%.%'
), ends (ip, head, tail) AS (
    SELECT ip, substr(ip, 1, instr(ip, '::') - 1), substr(ip, instr(ip, '::') + 2) FROM known WHERE ip LIKE '%::%' AND ip NOT LIKE '%.%'
), counted (ip, head, tail, written) AS (
    SELECT ip, head, tail, (head <> '') + length(head) - length(replace(head, ':', '')) + (tail <> '') + length(tail) - length(replace(tail, ':', '')) FROM ends
), whole (ip, groups) AS (
    SELECT ip, ip FROM known WHERE ip LIKE '%:%' AND ip NOT LIKE '%::%'
    UNION ALL
    SELECT ip, trim(head || ':' || replace(hex(zeroblob(8 - written)), '00', '0:') || tail, ':') FROM counted
), listed (ip, groups) AS (SELECT ip, '["' || replace(groups, ':', '","') || '"]' FROM whole)
SELECT ip, family || printf('%02x%02x%02x%02x', json_extract(bytes, '$[0]'), json_extract(bytes, '$[1]'), json_extract(bytes, '$[2]'), json_extract(bytes, '$[3]')) FROM dotted
UNION ALL
SELECT ip, '6' || substr('000' || json_extract(groups, '$[0]'), -4) || substr('000' || json_extract(groups, '$[1]'), -4)
    || substr('000' || json_extract(groups, '$[2]'), -4) || substr('000' || json_extract(groups, '$[3]'), -4)
    || substr('000' || json_extract(groups, '$[4]'), -4) || substr('000' || json_extract(groups, '$[5]'), -4)
    || substr('000' || json_extract(groups, '$[6]'), -4) || substr('000' || json_extract(groups, '$[7]'), -4) FROM listed;

ALTER TABLE controller_device ADD COLUMN last_addr INET_TEXT;
ALTER TABLE controller_device ADD COLUMN management_addr INET_TEXT;
UPDATE controller_device SET
    last_addr = (SELECT value FROM controller_spelling WHERE ip = last_ip),
    management_addr = (SELECT value FROM controller_spelling WHERE ip = management_ip)
WHERE last_ip IS NOT NULL OR management_ip IS NOT NULL;
DROP TABLE controller_spelling;
DROP INDEX controller_device_last_ip;
DROP INDEX controller_device_management_ip;
ALTER TABLE controller_device DROP COLUMN last_ip;
ALTER TABLE controller_device DROP COLUMN management_ip;
ALTER TABLE controller_device RENAME COLUMN last_addr TO last_ip;
ALTER TABLE controller_device RENAME COLUMN management_addr TO management_ip;
CREATE INDEX controller_device_last_ip ON controller_device (last_ip) WHERE last_ip IS NOT NULL;
CREATE INDEX controller_device_management_ip ON controller_device (management_ip) WHERE management_ip IS NOT NULL;
