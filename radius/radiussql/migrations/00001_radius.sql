-- +goose Up
-- Tables and columns that FreeRADIUS knows have its names; rlm_sql reads and
-- writes them beside this program (spec: radius §1.15).
CREATE TABLE radius_group (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    name VARCHAR(255) NOT NULL,
    description VARCHAR(64) NOT NULL,
    is_default BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_group_name ON radius_group (name);
CREATE INDEX radius_group_organization ON radius_group (organization_id, name, id);

CREATE TABLE radgroupcheck (
    id UUID PRIMARY KEY,
    organization_id UUID,
    group_id UUID REFERENCES radius_group (id) ON DELETE CASCADE,
    groupname VARCHAR(64) NOT NULL,
    attribute VARCHAR(64) NOT NULL,
    op VARCHAR(2) NOT NULL DEFAULT ':=',
    value VARCHAR(253) NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radgroupcheck_group_attribute ON radgroupcheck (group_id, attribute);
CREATE INDEX radgroupcheck_groupname ON radgroupcheck (groupname);
CREATE INDEX radgroupcheck_organization ON radgroupcheck (organization_id, created, id);

CREATE TABLE radgroupreply (
    id UUID PRIMARY KEY,
    organization_id UUID,
    group_id UUID REFERENCES radius_group (id) ON DELETE CASCADE,
    groupname VARCHAR(64) NOT NULL,
    attribute VARCHAR(64) NOT NULL,
    op VARCHAR(2) NOT NULL DEFAULT '=',
    value VARCHAR(253) NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radgroupreply_group_attribute ON radgroupreply (group_id, attribute);
CREATE INDEX radgroupreply_groupname ON radgroupreply (groupname);
CREATE INDEX radgroupreply_organization ON radgroupreply (organization_id, created, id);

CREATE TABLE radusergroup (
    id UUID PRIMARY KEY,
    organization_id UUID,
    user_id UUID,
    username VARCHAR(150) NOT NULL,
    group_id UUID REFERENCES radius_group (id) ON DELETE CASCADE,
    groupname VARCHAR(64) NOT NULL,
    priority INTEGER NOT NULL DEFAULT 1,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radusergroup_user_group ON radusergroup (user_id, group_id);
CREATE INDEX radusergroup_username ON radusergroup (username);
CREATE INDEX radusergroup_group ON radusergroup (group_id);
CREATE INDEX radusergroup_organization ON radusergroup (organization_id, created, id);

CREATE TABLE radcheck (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID,
    username VARCHAR(64) NOT NULL,
    attribute VARCHAR(64) NOT NULL,
    op VARCHAR(2) NOT NULL DEFAULT ':=',
    value VARCHAR(253) NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radcheck_user_attribute ON radcheck (user_id, attribute, organization_id);
CREATE INDEX radcheck_username ON radcheck (username);
CREATE INDEX radcheck_organization ON radcheck (organization_id, created, id);

CREATE TABLE radreply (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID,
    username VARCHAR(64) NOT NULL,
    attribute VARCHAR(64) NOT NULL,
    op VARCHAR(2) NOT NULL DEFAULT '=',
    value VARCHAR(253) NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radreply_user_attribute ON radreply (user_id, attribute, organization_id);
CREATE INDEX radreply_username ON radreply (username);
CREATE INDEX radreply_organization ON radreply (organization_id, created, id);

CREATE TABLE nas (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    nasname VARCHAR(128) NOT NULL,
    shortname VARCHAR(32) NOT NULL,
    type VARCHAR(30) NOT NULL DEFAULT 'other',
    ports INTEGER,
    sealed_secret TEXT NOT NULL,
    -- in clear, where FreeRADIUS is to read it, else empty
    secret VARCHAR(60) NOT NULL DEFAULT '',
    server VARCHAR(64),
    community VARCHAR(50),
    description VARCHAR(200),
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE INDEX nas_nasname ON nas (nasname);
CREATE INDEX nas_organization ON nas (organization_id, created, id);

CREATE TABLE radacct (
    acctuniqueid VARCHAR(32) PRIMARY KEY,
    acctsessionid VARCHAR(64) NOT NULL,
    organization_id UUID,
    username VARCHAR(64),
    groupname VARCHAR(64),
    realm VARCHAR(64),
    nasipaddress INET NOT NULL,
    nasportid VARCHAR(32),
    nasporttype VARCHAR(32),
    acctstarttime TIMESTAMPTZ,
    acctupdatetime TIMESTAMPTZ,
    acctstoptime TIMESTAMPTZ,
    acctinterval BIGINT,
    acctsessiontime BIGINT,
    acctauthentic VARCHAR(32),
    connectinfo_start VARCHAR(128),
    connectinfo_stop VARCHAR(128),
    acctinputoctets BIGINT,
    acctoutputoctets BIGINT,
    calledstationid VARCHAR(253),
    callingstationid VARCHAR(253),
    acctterminatecause VARCHAR(32),
    servicetype VARCHAR(32),
    framedprotocol VARCHAR(32),
    framedipaddress INET,
    framedipv6address INET,
    framedipv6prefix VARCHAR(45),
    framedinterfaceid VARCHAR(44),
    delegatedipv6prefix VARCHAR(45),
    -- start, and start with session time, in seconds since 1970; what counters read
    countedfrom BIGINT NOT NULL DEFAULT 0,
    counteduntil BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX radacct_start ON radacct (acctstarttime, acctuniqueid);
CREATE INDEX radacct_organization ON radacct (organization_id, acctstarttime, acctuniqueid);
CREATE INDEX radacct_counted ON radacct (username, organization_id, counteduntil);
CREATE INDEX radacct_calling ON radacct (callingstationid);
CREATE INDEX radacct_called ON radacct (calledstationid);
CREATE INDEX radacct_session ON radacct (acctsessionid);
CREATE INDEX radacct_stop ON radacct (acctstoptime);
CREATE INDEX radacct_open_user ON radacct (username, acctstarttime) WHERE acctstoptime IS NULL;
CREATE INDEX radacct_open_nas ON radacct (nasipaddress) WHERE acctstoptime IS NULL;

CREATE TABLE radpostauth (
    id UUID PRIMARY KEY,
    organization_id UUID,
    username VARCHAR(64) NOT NULL,
    pass VARCHAR(64) NOT NULL,
    reply VARCHAR(32) NOT NULL,
    calledstationid VARCHAR(253),
    callingstationid VARCHAR(253),
    authdate TIMESTAMPTZ NOT NULL
);
CREATE INDEX radpostauth_date ON radpostauth (authdate, id);
CREATE INDEX radpostauth_organization ON radpostauth (organization_id, authdate, id);

CREATE TABLE radiustoken (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    key TEXT NOT NULL,
    can_auth BOOLEAN NOT NULL,
    password_based BOOLEAN,
    created TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radiustoken_user ON radiustoken (user_id);
CREATE INDEX radiustoken_organization ON radiustoken (organization_id);

CREATE TABLE radius_registration (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    method VARCHAR(64) NOT NULL,
    is_verified BOOLEAN NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_registration_user_organization ON radius_registration (user_id, organization_id);
CREATE INDEX radius_registration_organization ON radius_registration (organization_id, modified, id);

CREATE TABLE radius_settings (
    id UUID PRIMARY KEY,
    organization_id UUID NOT NULL,
    token TEXT NOT NULL,
    allowed_hosts TEXT,
    coa_enabled BOOLEAN,
    needs_verification BOOLEAN,
    mac_roaming BOOLEAN,
    registration_enabled BOOLEAN,
    login_url TEXT NOT NULL,
    status_url TEXT NOT NULL,
    password_reset_url TEXT,
    first_name VARCHAR(12),
    last_name VARCHAR(12),
    location VARCHAR(12),
    birth_date VARCHAR(12),
    created TIMESTAMPTZ NOT NULL,
    modified TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX radius_settings_organization ON radius_settings (organization_id);

-- when access servers began anew; FreeRADIUS keeps it
CREATE TABLE nasreload (
    nasipaddress INET PRIMARY KEY,
    reloadtime TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE nasreload;
DROP TABLE radius_settings;
DROP TABLE radius_registration;
DROP TABLE radiustoken;
DROP TABLE radpostauth;
DROP TABLE radacct;
DROP TABLE nas;
DROP TABLE radreply;
DROP TABLE radcheck;
DROP TABLE radusergroup;
DROP TABLE radgroupreply;
DROP TABLE radgroupcheck;
DROP TABLE radius_group;
