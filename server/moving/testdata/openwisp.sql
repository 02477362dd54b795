-- The tables of OpenWISP that are read, as Django makes them; <uuid>, <bool>,
-- <time>, <serial> and <json> are types of the database at hand.
CREATE TABLE django_content_type (id <serial> PRIMARY KEY, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL);
CREATE TABLE auth_permission (id <serial> PRIMARY KEY, content_type_id integer NOT NULL, codename varchar(100) NOT NULL, name varchar(255) NOT NULL);
CREATE TABLE auth_group (id <serial> PRIMARY KEY, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE auth_group_permissions (id <serial> PRIMARY KEY, group_id integer NOT NULL, permission_id integer NOT NULL);
CREATE TABLE openwisp_users_organization (id <uuid> PRIMARY KEY, name varchar(200) NOT NULL, is_active <bool> NOT NULL, created <time> NOT NULL, modified <time> NOT NULL, slug varchar(200) NOT NULL UNIQUE, description text NOT NULL, email varchar(254) NOT NULL, url varchar(200) NOT NULL);
CREATE TABLE config_organizationconfigsettings (id <uuid> PRIMARY KEY, registration_enabled <bool> NOT NULL, shared_secret varchar(32) NOT NULL UNIQUE, context <json>, organization_id <uuid> NOT NULL UNIQUE);
CREATE TABLE config_organizationlimits (organization_id <uuid> PRIMARY KEY, device_limit bigint);
CREATE TABLE openwisp_users_user (id <uuid> PRIMARY KEY, password varchar(128) NOT NULL, last_login <time>, is_superuser <bool> NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL, is_staff <bool> NOT NULL, is_active <bool> NOT NULL, date_joined <time> NOT NULL, email varchar(254) UNIQUE, bio text NOT NULL, url varchar(200) NOT NULL, company varchar(30) NOT NULL, location varchar(256) NOT NULL, phone_number varchar(128) UNIQUE, birth_date date, notes text NOT NULL, language varchar(8) NOT NULL, password_updated date);
CREATE TABLE openwisp_users_user_groups (id <serial> PRIMARY KEY, user_id <uuid> NOT NULL, group_id integer NOT NULL);
CREATE TABLE openwisp_users_user_user_permissions (id <serial> PRIMARY KEY, user_id <uuid> NOT NULL, permission_id integer NOT NULL);
CREATE TABLE account_emailaddress (id <serial> PRIMARY KEY, email varchar(254) NOT NULL, verified <bool> NOT NULL, "primary" <bool> NOT NULL, user_id <uuid> NOT NULL);
CREATE TABLE authtoken_token (key varchar(40) NOT NULL PRIMARY KEY, created <time> NOT NULL, user_id <uuid> NOT NULL UNIQUE);
CREATE TABLE openwisp_users_organizationuser (id <uuid> PRIMARY KEY, created <time> NOT NULL, modified <time> NOT NULL, is_admin <bool> NOT NULL, user_id <uuid> NOT NULL, organization_id <uuid> NOT NULL);
CREATE TABLE openwisp_users_organizationowner (id <uuid> PRIMARY KEY, created <time> NOT NULL, modified <time> NOT NULL, organization_id <uuid> NOT NULL UNIQUE, organization_user_id <uuid> NOT NULL UNIQUE);
CREATE TABLE django_site (id <serial> PRIMARY KEY, domain varchar(100) NOT NULL, name varchar(50) NOT NULL);
