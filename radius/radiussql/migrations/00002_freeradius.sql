-- +goose Up
-- What FreeRADIUS needs to write rows by itself, which know neither ids nor
-- organizations (spec: radius §1.15).
ALTER TABLE radacct ADD COLUMN radacctid BIGSERIAL;
ALTER TABLE radcheck ALTER COLUMN id SET DEFAULT gen_random_uuid(), ALTER COLUMN created SET DEFAULT now(), ALTER COLUMN modified SET DEFAULT now();
ALTER TABLE radreply ALTER COLUMN id SET DEFAULT gen_random_uuid(), ALTER COLUMN created SET DEFAULT now(), ALTER COLUMN modified SET DEFAULT now();
ALTER TABLE radgroupcheck ALTER COLUMN id SET DEFAULT gen_random_uuid(), ALTER COLUMN created SET DEFAULT now(), ALTER COLUMN modified SET DEFAULT now();
ALTER TABLE radgroupreply ALTER COLUMN id SET DEFAULT gen_random_uuid(), ALTER COLUMN created SET DEFAULT now(), ALTER COLUMN modified SET DEFAULT now();
ALTER TABLE radusergroup ALTER COLUMN id SET DEFAULT gen_random_uuid(), ALTER COLUMN created SET DEFAULT now(), ALTER COLUMN modified SET DEFAULT now();
ALTER TABLE radpostauth ALTER COLUMN id SET DEFAULT gen_random_uuid(), ALTER COLUMN authdate SET DEFAULT now();

-- an address or a network, NULL for a host name
-- +goose StatementBegin
CREATE FUNCTION radius_network(name TEXT) RETURNS INET LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN name::inet;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- the organization of an access server, else the user's only one
-- +goose StatementBegin
CREATE FUNCTION radius_organization(address TEXT, name TEXT) RETURNS UUID LANGUAGE plpgsql STABLE AS $$
DECLARE
    found UUID;
BEGIN
    IF address IS NOT NULL THEN
        SELECT n.organization_id INTO found FROM nas n
            WHERE radius_network(n.nasname) >>= address::inet ORDER BY masklen(radius_network(n.nasname)) DESC LIMIT 1;
    END IF;
    IF found IS NULL AND name IS NOT NULL THEN
        SELECT min(m.organization_id::text)::uuid INTO found FROM radusergroup m WHERE m.username = name HAVING count(DISTINCT m.organization_id) = 1;
    END IF;
    RETURN found;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION radius_account() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.organization_id IS NULL AND TG_OP = 'INSERT' THEN
        NEW.organization_id := radius_organization(host(NEW.nasipaddress), NEW.username);
    END IF;
    NEW.countedfrom := CASE WHEN NEW.acctsessiontime IS NULL OR NEW.acctstarttime IS NULL THEN 0 ELSE floor(extract(epoch FROM NEW.acctstarttime))::bigint END;
    NEW.counteduntil := CASE WHEN NEW.acctsessiontime IS NULL OR NEW.acctstarttime IS NULL THEN 0 ELSE NEW.countedfrom + NEW.acctsessiontime END;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER radacct_account BEFORE INSERT OR UPDATE ON radacct FOR EACH ROW EXECUTE FUNCTION radius_account();

-- +goose StatementBegin
CREATE FUNCTION radius_answered() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.organization_id IS NULL THEN
        NEW.organization_id := radius_organization(NULL, NEW.username);
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER radpostauth_answered BEFORE INSERT ON radpostauth FOR EACH ROW EXECUTE FUNCTION radius_answered();

-- +goose Down
DROP TRIGGER radpostauth_answered ON radpostauth;
DROP TRIGGER radacct_account ON radacct;
DROP FUNCTION radius_answered;
DROP FUNCTION radius_account;
DROP FUNCTION radius_organization;
DROP FUNCTION radius_network;
ALTER TABLE radacct DROP COLUMN radacctid;
