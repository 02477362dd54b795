package controllersql

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// prepareEnroll prepares the statements by which PostgreSQL stores a device
// that registers: four inserts in one round trip, and what they depend on in
// the same, since round trips are what a registration's time is made of. SQLite
// has neither such statements nor round trips: it asks first.
func (s *devices) prepareEnroll(b *sqlstore.Builder) {
	const settings = "SELECT s.revision_id FROM controller_settings s WHERE s.organization_id = ?"
	if s.db.Dialect() != sqlstore.Postgres {
		s.unchanged = b.Prepare("SELECT EXISTS (" + settings + " AND s.revision_id = ?)" +
			" AND (SELECT count(*) FROM json_each(?) r JOIN controller_template t ON t.id = r.key AND t.revision_id = r.value) = ?")
		return
	}
	inserts := func(condition string) string {
		values := func(columns string) string {
			return "(" + columns + ") SELECT " + strings.TrimSuffix(strings.Repeat("?, ", strings.Count(columns, ",")+1), ", ") + condition
		}
		return "d AS (INSERT INTO " + DeviceTable + " " + values(s.Columns()) + "), c AS (INSERT INTO " + configTable + " " + values(s.configs.Columns()) +
			"), l AS (INSERT INTO controller_config_template (template_id, device_id) SELECT t, ?::uuid FROM unnest(?::uuid[]) AS t" +
			strings.Replace(condition, "FROM", ",", 1) + ") INSERT INTO controller_version " + values(s.versions.Columns())
	}
	s.enroll = b.Prepare("WITH " + inserts(""))
	s.unchanged = b.Prepare("WITH s AS (" + settings + " FOR SHARE)," +
		" t AS (SELECT id, revision_id FROM controller_template WHERE id = ANY(?::uuid[]) ORDER BY id FOR SHARE)," +
		" same AS (SELECT 1 WHERE EXISTS (SELECT 1 FROM s WHERE revision_id = ?)" +
		" AND (SELECT count(*) FROM t JOIN unnest(?::uuid[], ?::uuid[]) AS r (id, revision_id) ON r.id = t.id AND r.revision_id = t.revision_id) = ?), " +
		inserts(" FROM same"))
}

// Enroll implements controller.DeviceStore.
func (s *devices) Enroll(ctx context.Context, d *controller.Device, c *controller.Config, v *controller.Version) error {
	if s.enroll == nil {
		return s.enrollInTurn(ctx, d, c, v)
	}
	args, err := s.enrollArgs(d, c, v)
	if err != nil {
		return err
	}
	if _, err := s.enroll.Exec(ctx, args...); err != nil {
		return s.failed("insert", err)
	}
	return nil
}

func (s *devices) enrollArgs(d *controller.Device, c *controller.Config, v *controller.Version) ([]any, error) {
	device, err := s.Args(d)
	if err != nil {
		return nil, err
	}
	config, err := s.configs.Args(c)
	if err != nil {
		return nil, err
	}
	version, err := s.versions.Args(v)
	if err != nil {
		return nil, err
	}
	return slices.Concat(device, config, []any{d.ID, uuids(sorted(c.Templates))}, version), nil
}

// uuids is a list of ids as one argument for PostgreSQL.
func uuids(ids []wispwright.ID) any {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return pq.Array(texts)
}

// EnrollUnchanged implements controller.DeviceStore.
func (s *devices) EnrollUnchanged(ctx context.Context, d *controller.Device, c *controller.Config, v *controller.Version, now *controller.Settings) (bool, error) {
	if s.enroll == nil {
		return s.enrollIfUnchanged(ctx, d, c, v, now)
	}
	args, err := s.enrollArgs(d, c, v)
	if err != nil {
		return false, err
	}
	templates := uuids(c.Templates)
	compared := []any{now.OrganizationID, templates, now.RevisionID, templates, uuids(v.Revisions), len(c.Templates)}
	done, err := s.unchanged.Exec(ctx, append(compared, args...)...)
	if err != nil {
		return false, s.failed("insert", err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

func (s *devices) enrollIfUnchanged(ctx context.Context, d *controller.Device, c *controller.Config, v *controller.Version, now *controller.Settings) (same bool, err error) {
	revisions := make(map[wispwright.ID]wispwright.ID, len(c.Templates))
	for i, id := range c.Templates {
		revisions[id] = v.Revisions[i]
	}
	list, err := json.Marshal(revisions)
	if err != nil {
		return false, fmt.Errorf("compare revisions: %w", err)
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.unchanged.QueryRow(ctx, now.OrganizationID, now.RevisionID, string(list), len(c.Templates)).Scan(&same); err != nil || !same {
			return s.db.Explain(err)
		}
		return s.enrollInTurn(ctx, d, c, v)
	})
	return same && err == nil, err
}

func (s *devices) enrollInTurn(ctx context.Context, d *controller.Device, c *controller.Config, v *controller.Version) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.Insert(ctx, d); err != nil {
			return err
		}
		if err := s.configs.Insert(ctx, c); err != nil {
			return err
		}
		return s.versions.Insert(ctx, v)
	})
}
