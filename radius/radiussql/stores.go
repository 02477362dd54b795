package radiussql

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/enterprise"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "radius", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is
// their transactor.
func New(db *sqlstore.DB) (radius.Stores, error) {
	b := sqlstore.Build(db)
	groupname := map[string]string{"GroupName": "groupname"}
	s := radius.Stores{
		Groups:       sqlstore.Add[wispwright.ID, radius.Group, radius.GroupFilter](b, sqlstore.Spec{Shape: radius.Group{}.Shape()}),
		GroupChecks:  sqlstore.Add[wispwright.ID, radius.GroupAttribute, radius.GroupAttributeFilter](b, sqlstore.Spec{Shape: radius.GroupCheckShape(), Columns: groupname}),
		GroupReplies: sqlstore.Add[wispwright.ID, radius.GroupAttribute, radius.GroupAttributeFilter](b, sqlstore.Spec{Shape: radius.GroupReplyShape(), Columns: groupname}),
		Memberships:  sqlstore.Add[wispwright.ID, radius.Membership, radius.MembershipFilter](b, sqlstore.Spec{Shape: radius.Membership{}.Shape(), Columns: groupname}),
		Checks:       sqlstore.Add[wispwright.ID, radius.Attribute, radius.AttributeFilter](b, sqlstore.Spec{Shape: radius.CheckShape()}),
		Replies:      sqlstore.Add[wispwright.ID, radius.Attribute, radius.AttributeFilter](b, sqlstore.Spec{Shape: radius.ReplyShape()}),
		NASes: sqlstore.Add[wispwright.ID, radius.NAS, radius.NASFilter](b, sqlstore.Spec{Shape: radius.NAS{}.Shape(),
			Columns: map[string]string{"Name": "nasname", "ShortName": "shortname", "Secret": "sealed_secret", "PlainSecret": "secret"}}),
		Tokens:        sqlstore.Add[wispwright.ID, radius.Token, radius.TokenFilter](b, sqlstore.Spec{Shape: radius.Token{}.Shape()}),
		Registrations: sqlstore.Add[wispwright.ID, radius.Registration, radius.RegistrationFilter](b, sqlstore.Spec{Shape: radius.Registration{}.Shape()}),
		Settings: sqlstore.Add[wispwright.ID, radius.Settings, radius.SettingsFilter](b, sqlstore.Spec{Shape: radius.Settings{}.Shape(), Columns: map[string]string{"CoAEnabled": "coa_enabled", "SMSVerification": "sms_verification", "SMSSender": "sms_sender",
			"SMSMessage": "sms_message", "SMSCooldown": "sms_cooldown", "SMSMetaData": "sms_meta_data"}}),
		Names: names{db},
	}
	s.PostAuths = &postAuths{sqlstore.Add[wispwright.ID, radius.PostAuth, radius.PostAuthFilter](b, sqlstore.Spec{Shape: radius.PostAuth{}.Shape(),
		Columns: map[string]string{"Password": "pass", "CalledStationID": "calledstationid", "CallingStationID": "callingstationid", "Date": "authdate"}}), db}
	s.Sessions = newSessions(b)
	return s, b.Err()
}

// NewEnrolment returns the stores of the package enrol on a migrated database.
func NewEnrolment(db *sqlstore.DB) (enrol.Stores, error) {
	b := sqlstore.Build(db)
	s := enrol.Stores{
		Codes:   sqlstore.Add[wispwright.ID, enrol.Code, enrol.CodeFilter](b, sqlstore.Spec{Shape: enrol.Code{}.Shape()}),
		Batches: sqlstore.Add[wispwright.ID, enrol.Batch, enrol.BatchFilter](b, sqlstore.Spec{Shape: enrol.Batch{}.Shape()}),
		Papers:  sqlstore.Add[wispwright.ID, enrol.Paper, enrol.PaperFilter](b, sqlstore.Spec{Shape: enrol.Paper{}.Shape()}),
		Members: sqlstore.Add[wispwright.ID, enrol.Member, enrol.MemberFilter](b, sqlstore.Spec{Shape: enrol.Member{}.Shape()}),
	}
	return s, b.Err()
}

// NewEnterprise returns the store of the package enterprise on a migrated database.
func NewEnterprise(db *sqlstore.DB) (wispwright.Repo[enterprise.Network, enterprise.NetworkFilter], error) {
	b := sqlstore.Build(db)
	r := sqlstore.Add[wispwright.ID, enterprise.Network, enterprise.NetworkFilter](b, sqlstore.Spec{Shape: enterprise.Network{}.Shape(),
		Columns: map[string]string{"CAID": "ca_id", "NASID": "nas_id", "SSID": "ssid"}})
	return r, b.Err()
}

// sessionSpec names the columns as FreeRADIUS does.
func sessionSpec() sqlstore.Spec {
	filled := func(column string, empty bool) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			if v.(bool) == empty {
				return sqlstore.Cond{SQL: "radacct." + column + " IS NULL"}
			}
			return sqlstore.Cond{SQL: "radacct." + column + " IS NOT NULL"}
		}
	}
	mac := func(column string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			// the spellings that are looked up by the index
			marks, args := sqlstore.In(radius.Spellings(v.(string)))
			return sqlstore.Cond{SQL: "radacct." + column + " IN (" + marks + ")", Args: args}
		}
	}
	return sqlstore.Spec{
		Shape: radius.Session{}.Shape(),
		Columns: map[string]string{
			"UniqueID": "acctuniqueid", "SessionID": "acctsessionid", "GroupName": "groupname", "NASAddress": "nasipaddress", "NASPortID": "nasportid",
			"NASPortType": "nasporttype", "StartTime": "acctstarttime", "UpdateTime": "acctupdatetime", "StopTime": "acctstoptime", "Interval": "acctinterval",
			"SessionTime": "acctsessiontime", "Authentication": "acctauthentic", "ConnectInfoStart": "connectinfo_start", "ConnectInfoStop": "connectinfo_stop",
			"InputOctets": "acctinputoctets", "OutputOctets": "acctoutputoctets", "CalledStationID": "calledstationid", "CallingStationID": "callingstationid",
			"TerminateCause": "acctterminatecause", "ServiceType": "servicetype", "FramedProtocol": "framedprotocol", "FramedIPAddress": "framedipaddress",
			"FramedIPv6Address": "framedipv6address", "FramedIPv6Prefix": "framedipv6prefix", "FramedInterfaceID": "framedinterfaceid",
			"DelegatedIPv6Prefix": "delegatedipv6prefix", "CountedFrom": "countedfrom", "CountedUntil": "counteduntil",
		},
		Where: map[string]func(any) sqlstore.Cond{
			"IsOpen": filled("acctstoptime", true), "NeverUpdated": filled("acctupdatetime", true), "Called": mac("calledstationid"), "Calling": mac("callingstationid"),
			"StoppedUntil": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "radacct.acctstoptime <= ?", Args: []any{v.(time.Time).UTC().Truncate(time.Microsecond)}}
			},
		},
	}
}

type postAuths struct {
	*sqlstore.Repo[wispwright.ID, radius.PostAuth, radius.PostAuthFilter]
	db *sqlstore.DB
}

// DeleteOf implements radius.PostAuthStore.
func (s *postAuths) DeleteOf(ctx context.Context, organization wispwright.ID, most int) (int, error) {
	return remove(ctx, s.db, "answers", "DELETE FROM radpostauth WHERE id IN (SELECT id FROM radpostauth WHERE organization_id = ? LIMIT ?)", organization, most)
}

// DeleteBefore implements radius.PostAuthStore.
func (s *postAuths) DeleteBefore(ctx context.Context, date time.Time) (int, error) {
	return inBatches(func() (int, error) {
		return remove(ctx, s.db, "old answers", "DELETE FROM radpostauth WHERE id IN (SELECT id FROM radpostauth WHERE authdate < ? LIMIT ?)",
			date.UTC().Truncate(time.Microsecond), perDeletion)
	})
}

func inBatches(some func() (int, error)) (n int, err error) {
	for {
		deleted, err := some()
		n += deleted
		if err != nil || deleted < perDeletion {
			return n, err
		}
	}
}

func remove(ctx context.Context, db *sqlstore.DB, what, query string, args ...any) (int, error) {
	n, err := sqlstore.Exec(ctx, db, query, args...)
	if err != nil {
		return n, fmt.Errorf("delete %s: %w", what, err)
	}
	return n, nil
}

type names struct{ db *sqlstore.DB }

// RenameGroup implements radius.NameStore.
func (s names) RenameGroup(ctx context.Context, group, organization wispwright.ID, name string) error {
	return s.all(ctx, []string{"radgroupcheck", "radgroupreply", "radusergroup"}, "UPDATE %s SET groupname = ?, organization_id = ? WHERE group_id = ?", name, organization, group)
}

// RenameUser implements radius.NameStore.
func (s names) RenameUser(ctx context.Context, user wispwright.ID, name string) error {
	return s.all(ctx, []string{"radusergroup", "radcheck", "radreply"}, "UPDATE %s SET username = ? WHERE user_id = ?", name, user)
}

// ForgetUser implements radius.NameStore.
func (s names) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return s.all(ctx, []string{"radusergroup", "radcheck", "radreply", "radiustoken", "radius_registration"}, "DELETE FROM %s WHERE user_id = ?", user)
}

func (s names) all(ctx context.Context, tables []string, query string, args ...any) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, table := range tables {
			if _, err := sqlstore.Exec(ctx, s.db, fmt.Sprintf(query, table), args...); err != nil {
				return fmt.Errorf("change %s: %w", table, err)
			}
		}
		return nil
	})
}
