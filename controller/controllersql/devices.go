package controllersql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

type devices struct {
	*sqlstore.Repo[wispwright.ID, controller.Device, controller.DeviceFilter]
	db             *sqlstore.DB
	details        *sqlstore.Pairs[wispwright.ID, controller.Device, controller.DeviceFilter, controller.Config]
	configs        *configs
	versions       *versions
	poll, clashes  *sqlstore.Stmt
	known, clear   *sqlstore.Stmt
	seen           *sqlstore.Stmt
	detail         *sqlstore.Stmt
	removeVersions *sqlstore.Stmt
	enroll         *sqlstore.Stmt // PostgreSQL alone
	unchanged      *sqlstore.Stmt
}

var _ controller.DeviceStore = (*devices)(nil)

func newDevices(b *sqlstore.Builder, configs *configs, versions *versions, related []Related) *devices {
	withConfig := func(condition string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			return sqlstore.Cond{SQL: DeviceTable + ".id IN (SELECT c.device_id FROM controller_config c WHERE " + condition + ")", Args: []any{v}}
		}
	}
	repo := sqlstore.Add[wispwright.ID, controller.Device, controller.DeviceFilter](b, sqlstore.Spec{Shape: controller.Device{}.Shape(),
		Where: map[string]func(any) sqlstore.Cond{
			"Status":  func(v any) sqlstore.Cond { return withConfig("c.status = ?")(string(v.(controller.Status))) },
			"Backend": withConfig("c.backend = ?"),
			"TemplateID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: DeviceTable + ".id IN (SELECT t.device_id FROM controller_config_template t WHERE t.template_id = ?)", Args: []any{v}}
			},
			"NotRenewed": func(v any) sqlstore.Cond {
				not := "NOT "
				if v.(bool) {
					not = ""
				}
				return sqlstore.Cond{SQL: DeviceTable + ".id " + not + "IN (SELECT c.device_id FROM controller_config c WHERE c.not_renewed IS NOT NULL)"}
			},
			"HasConfig": func(v any) sqlstore.Cond {
				not := "NOT "
				if v.(bool) {
					not = ""
				}
				return sqlstore.Cond{SQL: not + "EXISTS (SELECT 1 FROM controller_config c WHERE c.device_id = controller_device.id)"}
			},
			"NeverSeen": func(v any) sqlstore.Cond {
				if v.(bool) {
					return sqlstore.Cond{SQL: DeviceTable + ".last_seen IS NULL"}
				}
				return sqlstore.Cond{SQL: DeviceTable + ".last_seen IS NOT NULL"}
			},
			"Related":        func(v any) sqlstore.Cond { return relatedTo(related, v.(map[string]any)) },
			"WithoutKeyHint": func(any) sqlstore.Cond { return sqlstore.Cond{SQL: DeviceTable + ".key_hint = ''"} },
			"Tag": func(v any) sqlstore.Cond {
				tagged := hasTag(b.DB(), v.(string))
				return sqlstore.Cond{SQL: DeviceTable + ".id IN (SELECT l.device_id FROM controller_config_template l JOIN controller_template ON controller_template.id = l.template_id WHERE " +
					tagged.SQL + ")", Args: tagged.Args}
			},
		},
		Search: searchDevices, Indexed: indexedDevices(b.DB().Dialect()),
	})
	s := &devices{Repo: repo, db: b.DB(), configs: configs, versions: versions}
	s.details = sqlstore.AddPairs(b, repo, []string{"NameKey", "KeyDigest", "KeyHint"}, configs.Repo, "Backend", "Status", "ErrorReason", "NotRenewed", "NotRenewedReason")
	s.prepare(b)
	return s
}

// relatedTo is the condition that all of some conditions hold; one that nobody
// knows holds for no device.
func relatedTo(known []Related, wanted map[string]any) (all sqlstore.Cond) {
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		part := sqlstore.Cond{SQL: "1 = 0"}
		for _, r := range known {
			if condition := r[name]; condition != nil {
				part = condition(wanted[name])
			}
		}
		if all.SQL != "" {
			all.SQL += " AND "
		}
		all.SQL, all.Args = all.SQL+"("+part.SQL+")", append(all.Args, part.Args...)
	}
	return all
}

func (s *devices) prepare(b *sqlstore.Builder) {
	for _, p := range []struct {
		stmt  **sqlstore.Stmt
		query string
	}{
		{&s.poll, `SELECT d.organization_id, d.key_digest, d.name, d.last_ip, d.management_ip, d.is_deactivated,
			c.status, c.desired, c.served, c.version_id FROM controller_device d LEFT JOIN controller_config c ON c.device_id = d.id WHERE d.id = ?`},
		// one index per branch; a rule whose value is empty is not broken. IS TRUE:
		// a PostgreSQL that planned this when there were no devices would look
		// through all of the organization
		{&s.clashes, `SELECT 1 FROM controller_device WHERE name_key = ? AND name_key <> '' AND (organization_id = ?) IS TRUE AND id <> ?
			UNION SELECT 2 FROM controller_device WHERE mac_address = ? AND (organization_id = ?) IS TRUE AND id <> ?
			UNION SELECT 3 FROM controller_device WHERE hardware_id = ? AND hardware_id <> '' AND (organization_id = ?) IS TRUE AND id <> ?
			UNION SELECT 4 FROM controller_device WHERE key_digest = ? AND id <> ? ORDER BY 1`},
		{&s.known, `SELECT id, 1 AS found FROM controller_device WHERE key_digest = ? AND key_digest <> ''
			UNION ALL SELECT id, 2 FROM controller_device WHERE (organization_id = ?) IS TRUE AND mac_address = ? AND mac_address <> ''
			UNION ALL SELECT id, 3 FROM controller_device WHERE (organization_id = ?) IS TRUE AND hardware_id = ? AND hardware_id <> '' ORDER BY 2 LIMIT 1`},
		{&s.detail, "SELECT " + s.ColumnsOf("d") + ", " + s.configs.ColumnsOf("c") +
			" FROM controller_device d LEFT JOIN controller_config c ON c.device_id = d.id WHERE d.id = ?"},
		{&s.clear, "UPDATE controller_device SET last_ip = ?, management_ip = ? WHERE id = ?"},
		{&s.seen, "UPDATE controller_device SET last_seen = ? WHERE id = ? AND (last_seen IS NULL OR last_seen < ?)"},
		{&s.removeVersions, "DELETE FROM controller_version WHERE device_id = ?"},
	} {
		*p.stmt = b.Prepare(p.query)
	}
	s.prepareEnroll(b)
}

// Poll is the query of the hottest path, written by hand for its few columns.
func (s *devices) Poll(ctx context.Context, id wispwright.ID) (*controller.Poll, error) {
	p := &controller.Poll{DeviceID: id}
	var lastIP, managementIP, status, desired, served sql.NullString
	err := s.poll.QueryRow(ctx, id).Scan(&p.OrganizationID, &p.KeyDigest, &p.Name, &lastIP, &managementIP, &p.IsDeactivated, &status, &desired, &served, &p.VersionID)
	if err != nil {
		return nil, s.failed("read", err)
	}
	for _, a := range []struct {
		to   *netip.Addr
		from sql.NullString
	}{{&p.LastIP, lastIP}, {&p.ManagementIP, managementIP}} {
		if a.from.Valid {
			if *a.to, err = sqlstore.ScanAddr(a.from.String); err != nil {
				return nil, fmt.Errorf("read address of device %s: %w", id, err)
			}
		}
	}
	p.HasConfig, p.Status, p.Desired, p.Served = status.Valid, controller.Status(status.String), desired.String, served.String
	return p, nil
}

func (s *devices) failed(what string, err error) error {
	err = s.db.Explain(err)
	if errors.Is(err, wispwright.ErrNotFound) {
		return err
	}
	return fmt.Errorf("%s controller_device: %w", what, err)
}

// Known asks one index per branch and takes the first that knows the device.
func (s *devices) Known(ctx context.Context, digest string, organization wispwright.ID, mac, hardwareID string) (wispwright.ID, error) {
	var id wispwright.ID
	var rank int
	if err := s.known.QueryRow(ctx, digest, organization, mac, organization, hardwareID).Scan(&id, &rank); err != nil {
		return id, s.failed("find", err)
	}
	return id, nil
}

// Detail joins what Get of devices and Get of configurations return.
func (s *devices) Detail(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*controller.Detail, error) {
	both := &struct {
		device controller.Device
		config controller.Config
	}{}
	dest := append(s.Dest(&both.device), s.configs.Dest(&both.config)...)
	if err := s.detail.QueryRow(ctx, id).Scan(dest...); err != nil {
		return nil, s.failed("read", err)
	}
	if !scope.Allows(both.device.OrganizationID) {
		return nil, wispwright.ErrNotFound
	}
	out := &controller.Detail{Device: &both.device}
	if !both.config.DeviceID.IsZero() {
		out.Config = &both.config
	}
	return out, nil
}

// Details is what every list of devices is made of.
func (s *devices) Details(ctx context.Context, scope wispwright.Scope, f controller.DeviceFilter, p wispwright.Page) (wispwright.Items[controller.Detail], error) {
	pairs, err := s.details.List(ctx, scope, f, p)
	out := wispwright.Items[controller.Detail]{Total: pairs.Total}
	if err != nil || len(pairs.Rows) == 0 {
		return out, err
	}
	details := make([]controller.Detail, len(pairs.Rows))
	out.Rows = make([]*controller.Detail, len(pairs.Rows))
	for i, pair := range pairs.Rows {
		details[i].Device = &pair.First
		if pair.Both {
			details[i].Config = &pair.Second
		}
		out.Rows[i] = &details[i]
	}
	return out, nil
}

func (s *devices) Clashes(ctx context.Context, d *controller.Device) (out []string, err error) {
	rows, err := s.clashes.Query(ctx, d.NameKey, d.OrganizationID, d.ID, d.MACAddress, d.OrganizationID, d.ID,
		d.HardwareID, d.OrganizationID, d.ID, d.KeyDigest, d.ID)
	if err != nil {
		return nil, s.failed("compare", err)
	}
	defer func() {
		if cerr := rows.Close(); cerr != nil && err == nil {
			err = s.failed("compare", cerr)
		}
	}()
	names := []string{"", controller.UniqueDeviceName, controller.UniqueDeviceMAC, controller.UniqueDeviceHardware, controller.UniqueDeviceKey}
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, s.failed("compare", err)
		}
		out = append(out, names[n])
	}
	return out, rows.Err()
}

// ClearAddresses locks the rows in the order of their ids, so that two devices
// that take addresses from each other do not wait for ever.
func (s *devices) ClearAddresses(ctx context.Context, d *controller.Device, organization wispwright.ID, lastToo bool) ([]*controller.Device, error) {
	lastToo = lastToo && d.LastIP.IsValid()
	var taken []string
	var args []any
	for _, one := range []struct {
		condition string
		address   netip.Addr
		counts    bool
	}{{"management_ip = ?", d.ManagementIP, d.ManagementIP.IsValid()}, {"last_ip = ?", d.LastIP, lastToo}} {
		if !one.counts {
			continue
		}
		arg, err := s.db.Dialect().Addr(one.address)
		if err != nil {
			return nil, s.failed("look for others in", err)
		}
		taken, args = append(taken, one.condition), append(args, arg)
	}
	if len(taken) == 0 {
		return nil, nil
	}
	query := "SELECT " + s.ColumnsOf(DeviceTable) + " FROM controller_device WHERE (" + strings.Join(taken, " OR ") + ") AND id <> ?"
	args = append(args, d.ID)
	if !organization.IsZero() {
		query, args = query+" AND organization_id = ?", append(args, organization)
	}
	var found []*controller.Device
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if found, err = s.Query(ctx, query+" ORDER BY id"+s.db.Dialect().ForUpdate(), args...); err != nil {
			return err
		}
		for _, o := range found {
			last, management := o.LastIP, o.ManagementIP
			if lastToo && last == d.LastIP {
				last = netip.Addr{}
			}
			if management == d.ManagementIP {
				management = netip.Addr{}
			}
			lastArg, err1 := s.db.Dialect().Addr(last)
			managementArg, err2 := s.db.Dialect().Addr(management)
			_, err3 := s.clear.Exec(ctx, lastArg, managementArg, o.ID)
			if err := errors.Join(err1, err2, err3); err != nil {
				return s.failed("update", err)
			}
		}
		return nil
	})
	return found, err
}

// searchDevices finds devices by what is not a text of theirs as it stands.
func searchDevices(text string, contains func(string) sqlstore.Cond) sqlstore.Cond {
	reason, why := contains("c.error_reason"), contains("c.not_renewed_reason")
	out := sqlstore.Cond{
		SQL:  DeviceTable + ".id IN (SELECT c.device_id FROM controller_config c WHERE " + reason.SQL + " OR " + why.SQL + ")",
		Args: slices.Concat(reason.Args, why.Args),
	}
	if digits := controller.MACDigits(text); digits != "" {
		out.SQL, out.Args = out.SQL+" OR replace(replace("+DeviceTable+".mac_address, ':', ''), '-', '') LIKE ?", append(out.Args, "%"+digits+"%")
	}
	if hint := controller.SearchedKey(text); hint != "" {
		out.SQL, out.Args = out.SQL+" OR "+DeviceTable+".key_hint = ?", append(out.Args, hint)
	}
	return out
}

// Seen implements controller.DeviceStore. The rows are locked in the order of their ids,
// as by others that lock several.
func (s *devices) Seen(ctx context.Context, list []controller.Sighting) error {
	if s.db.Dialect() == sqlstore.Postgres {
		ids, times := make([]wispwright.ID, len(list)), make([]string, len(list))
		for i, seen := range list {
			ids[i], times[i] = seen.DeviceID, timeText(&seen.At)
		}
		_, err := sqlstore.Exec(ctx, s.db, `WITH u AS (SELECT * FROM unnest(?::uuid[], ?::timestamptz[]) AS u (id, at)), l AS (
			SELECT d.id, u.at FROM controller_device d JOIN u ON u.id = d.id WHERE d.last_seen IS NULL OR d.last_seen < u.at ORDER BY d.id FOR NO KEY UPDATE OF d)
			UPDATE controller_device d SET last_seen = l.at FROM l WHERE d.id = l.id`, uuids(ids), pq.Array(times))
		if err != nil {
			return s.failed("update", err)
		}
		return nil
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, seen := range list {
			at := timeOrNull(seen.At)
			if _, err := s.seen.Exec(ctx, at, seen.DeviceID, at); err != nil {
				return s.failed("update", err)
			}
		}
		return nil
	})
}

// Delete takes the versions along, which no foreign key does.
func (s *devices) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		if _, err := s.removeVersions.Exec(ctx, id); err != nil {
			return s.failed("delete", err)
		}
		return nil
	})
}
