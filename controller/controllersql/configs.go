package controllersql

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

const configTable = "controller_config"

// configs keeps beside each row of controller_config its templates in
// controller_config_template, which finds the configurations of a template.
type configs struct {
	*sqlstore.Repo[wispwright.ID, controller.Config, controller.ConfigFilter]
	db               *sqlstore.DB
	lock             *byIDs
	update, progress *sqlstore.Stmt
	unlink, link     *sqlstore.Stmt
}

var _ controller.ConfigStore = (*configs)(nil)

func newConfigs(b *sqlstore.Builder) *configs {
	repo := sqlstore.Add[wispwright.ID, controller.Config, controller.ConfigFilter](b, sqlstore.Spec{Shape: controller.Config{}.Shape(),
		Where: map[string]func(any) sqlstore.Cond{
			"After": func(v any) sqlstore.Cond { return sqlstore.Cond{SQL: "device_id > ?", Args: []any{v}} },
			"GroupID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "device_id IN (SELECT d.id FROM controller_device d WHERE d.group_id = ?)", Args: []any{v}}
			},
			"TemplateID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "device_id IN (SELECT t.device_id FROM controller_config_template t WHERE t.template_id = ?)", Args: []any{v}}
			},
		},
	})
	return &configs{
		Repo: repo, db: b.DB(),
		lock: newByIDs(b, "SELECT "+repo.ColumnsOf(configTable)+" FROM controller_config WHERE device_id IN (", ") ORDER BY device_id"+b.DB().Dialect().ForUpdate()),
		update: b.Prepare(`UPDATE controller_config SET organization_id = ?, backend = ?, config = ?, context = ?, declared = ?, templates = ?, status = ?, error_reason = ?,
			desired = ?, served = ?, reported = ?, version_id = ?, inherited = ?, not_renewed = ?, not_renewed_reason = ?, modified = ? WHERE device_id = ?`),
		progress: b.Prepare(`UPDATE controller_config SET status = ?, error_reason = ?, desired = ?, served = ?, reported = ?, version_id = ?, inherited = ?,
			not_renewed = ?, not_renewed_reason = ?, modified = ? WHERE device_id = ?`),
		unlink: b.Prepare("DELETE FROM controller_config_template WHERE device_id = ?"),
		link:   b.Prepare("INSERT INTO controller_config_template (template_id, device_id) VALUES (?, ?)"),
	}
}

// Insert stores a configuration and links its templates.
func (s *configs) Insert(ctx context.Context, c *controller.Config) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Insert(ctx, c); err != nil {
			return err
		}
		return s.relink(ctx, c, nil)
	})
}

// Update also links the templates.
func (s *configs) Update(ctx context.Context, scope wispwright.Scope, device wispwright.ID, change func(*controller.Config) error) (*controller.Config, error) {
	var out *controller.Config
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var before []wispwright.ID
		var err error
		out, err = s.Repo.Update(ctx, scope, device, func(c *controller.Config) error {
			before = slices.Clone(c.Templates)
			return change(c)
		})
		if err != nil {
			return err
		}
		return s.relink(ctx, out, before)
	})
	return out, err
}

// relink makes the links of a configuration those of its list.
func (s *configs) relink(ctx context.Context, c *controller.Config, linked []wispwright.ID) error {
	want, have := sorted(c.Templates), sorted(linked)
	if slices.Equal(want, have) {
		return nil
	}
	if len(have) > 0 {
		if _, err := s.unlink.Exec(ctx, c.DeviceID); err != nil {
			return fmt.Errorf("unlink templates of device %s: %w", c.DeviceID, err)
		}
	}
	for _, id := range want {
		if _, err := s.link.Exec(ctx, id, c.DeviceID); err != nil {
			return fmt.Errorf("link templates of device %s: %w", c.DeviceID, err)
		}
	}
	return nil
}

// Lock reads the rows for changing them.
func (s *configs) Lock(ctx context.Context, ids []wispwright.ID) ([]*controller.Config, error) {
	return readByIDs(ctx, s.Repo, s.lock, ids)
}

// UpdateMany stores configurations with their templates.
func (s *configs) UpdateMany(ctx context.Context, list []*controller.Config) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.links(ctx, list)
		if err != nil {
			return err
		}
		for _, c := range list {
			templates, err := templatesText(c)
			if err != nil {
				return err
			}
			_, err = s.update.Exec(ctx, c.OrganizationID, c.Backend, c.Config, c.Context, c.Declared, templates, string(c.Status), c.ErrorReason,
				c.Desired, c.Served, c.Reported, c.VersionID, c.Inherited, utc(c.NotRenewed), c.NotRenewedReason, c.Modified.UTC(), c.DeviceID)
			if err != nil {
				return fmt.Errorf("update %s: %w", configTable, s.db.Explain(err))
			}
			if err := s.relink(ctx, c, before[c.DeviceID]); err != nil {
				return err
			}
		}
		return nil
	})
}

// links reads which templates are linked now.
func (s *configs) links(ctx context.Context, list []*controller.Config) (map[wispwright.ID][]wispwright.ID, error) {
	out := map[wispwright.ID][]wispwright.ID{}
	for chunk := range slices.Chunk(list, 500) {
		ids := make([]wispwright.ID, len(chunk))
		for i, c := range chunk {
			ids[i] = c.DeviceID
		}
		marks, args := sqlstore.In(ids)
		rows, err := sqlstore.Select[struct {
			TemplateID wispwright.ID `db:"template_id"`
			DeviceID   wispwright.ID `db:"device_id"`
		}](ctx, s.db, "SELECT template_id, device_id FROM controller_config_template WHERE device_id IN ("+marks+")", args...)
		if err != nil {
			return nil, fmt.Errorf("read links of %s: %w", configTable, err)
		}
		for _, r := range rows {
			out[r.DeviceID] = append(out[r.DeviceID], r.TemplateID)
		}
	}
	return out, nil
}

func templatesText(c *controller.Config) (any, error) {
	if c.Templates == nil {
		return nil, nil
	}
	b, err := json.Marshal(c.Templates)
	if err != nil {
		return nil, fmt.Errorf("encode templates of device %s: %w", c.DeviceID, err)
	}
	return string(b), nil
}

// SaveProgress stores one configuration with a prepared statement, and many
// with one statement where the database can.
func (s *configs) SaveProgress(ctx context.Context, list []*controller.Config) error {
	if len(list) > 1 && s.db.Dialect() == sqlstore.Postgres {
		return s.saveAtOnce(ctx, list)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, c := range list {
			_, err := s.progress.Exec(ctx, string(c.Status), c.ErrorReason, c.Desired, c.Served, c.Reported, c.VersionID, c.Inherited, utc(c.NotRenewed), c.NotRenewedReason, c.Modified.UTC(), c.DeviceID)
			if err != nil {
				return fmt.Errorf("update %s: %w", configTable, s.db.Explain(err))
			}
		}
		return nil
	})
}

func (s *configs) saveAtOnce(ctx context.Context, list []*controller.Config) error {
	const names = "id, status, error_reason, desired, served, reported, version_id, inherited, not_renewed, not_renewed_reason, modified"
	columns := make([][]string, 11)
	for _, c := range list {
		for i, v := range []string{
			c.DeviceID.String(), string(c.Status), c.ErrorReason, c.Desired, c.Served, c.Reported, c.VersionID.String(), c.Inherited,
			timeText(c.NotRenewed), c.NotRenewedReason, timeText(&c.Modified),
		} {
			columns[i] = append(columns[i], v)
		}
	}
	args := make([]any, len(columns))
	for i := range columns {
		args[i] = pq.Array(columns[i])
	}
	marks := strings.TrimSuffix(strings.Repeat("?::text[], ", len(columns)), ", ")
	query := `UPDATE controller_config c SET status = u.status, error_reason = u.error_reason, desired = u.desired, served = u.served,
		reported = u.reported, version_id = nullif(u.version_id, '')::uuid, inherited = u.inherited,
		not_renewed = nullif(u.not_renewed, '')::timestamptz, not_renewed_reason = u.not_renewed_reason, modified = u.modified::timestamptz
		FROM unnest(` + marks + ") AS u(" + names + ") WHERE c.device_id = u.id::uuid"
	if _, err := sqlstore.Exec(ctx, s.db, query, args...); err != nil {
		return fmt.Errorf("update %s: %w", configTable, err)
	}
	return nil
}

// utc is a time as it is stored.
func utc(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC()
}

func timeText(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05.999999Z07:00")
}

// CountTemplates implements controller.ConfigStore.
func (s *configs) CountTemplates(ctx context.Context, scope wispwright.Scope, templates []wispwright.ID) (map[wispwright.ID]int, error) {
	out := map[wispwright.ID]int{}
	if len(templates) == 0 {
		return out, nil
	}
	marks, args := sqlstore.In(templates)
	query := "SELECT l.template_id, count(*) AS n FROM controller_config_template l"
	cond := sqlstore.ScopeCond("c.organization_id", scope)
	if cond.SQL != "" {
		query += " JOIN controller_config c ON c.device_id = l.device_id AND " + cond.SQL
		args = slices.Concat(cond.Args, args)
	}
	rows, err := sqlstore.Select[struct {
		ID wispwright.ID `db:"template_id"`
		N  int           `db:"n"`
	}](ctx, s.db, query+" WHERE l.template_id IN ("+marks+") GROUP BY l.template_id", args...)
	if err != nil {
		return nil, fmt.Errorf("count controller_config_template: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r.N
	}
	return out, nil
}

// Count names the statuses, with which the index that begins with them finds those
// of a few organizations; each figure is found by an index of its own.
func (s *configs) Count(ctx context.Context, scope wispwright.Scope, heard time.Time) (*controller.Counts, error) {
	marks, args := sqlstore.In(controller.Statuses())
	and := ""
	cond := sqlstore.ScopeCond("organization_id", scope)
	if cond.SQL != "" {
		and = " AND " + cond.SQL
	}
	query := "SELECT 'status' AS what, status AS word, count(*) AS n FROM controller_config WHERE status IN (" + marks + ")" + and + " GROUP BY status"
	args = append(args, cond.Args...)
	for _, figure := range []struct {
		what, from string
		args       []any
	}{
		{"devices", "controller_device WHERE 1 = 1", nil},
		{"not renewed", "controller_config WHERE not_renewed IS NOT NULL", nil},
		{"silent", "controller_device WHERE NOT is_deactivated AND last_seen < ?", []any{heard.UTC().Truncate(time.Microsecond)}},
	} {
		query += " UNION ALL SELECT '" + figure.what + "', '', count(*) FROM " + figure.from + and
		args = append(append(args, figure.args...), cond.Args...)
	}
	rows, err := sqlstore.Select[struct {
		What string `db:"what"`
		Word string `db:"word"`
		N    int    `db:"n"`
	}](ctx, s.db, query, args...)
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", configTable, err)
	}
	out := &controller.Counts{Statuses: map[controller.Status]int{}}
	for _, r := range rows {
		switch r.What {
		case "status":
			out.Statuses[controller.Status(r.Word)] = r.N
		case "devices":
			out.Devices = r.N
		case "not renewed":
			out.NotRenewed = r.N
		case "silent":
			out.Silent = r.N
		}
	}
	return out, nil
}
