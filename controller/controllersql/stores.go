package controllersql

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DeviceTable is the table other concerns lock a device in while they write a
// row that belongs to it.
const DeviceTable = "controller_device"

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "controller", FS: migrations}
}

// Related are conditions on devices by what other concerns keep of them, by the
// names of controller.DeviceFilter.Related. Each makes a condition on the row of
// DeviceTable.
type Related map[string]func(value any) sqlstore.Cond

// New returns the concern's stores on a migrated database. The database is
// their transactor. related are conditions of other concerns.
func New(db *sqlstore.DB, related ...Related) (controller.Stores, error) {
	b := sqlstore.Build(db)
	configs, versions := newConfigs(b), newVersions(b)
	stores := controller.Stores{
		Devices: newDevices(b, configs, versions, related), Configs: configs, Templates: newTemplates(b), Groups: newGroups(b), Settings: newSettings(b), Versions: versions,
		Variables: newVariables(b),
	}
	return stores, b.Err()
}

type templates struct {
	*sqlstore.Repo[wispwright.ID, controller.Template, controller.TemplateFilter]
	db        *sqlstore.DB
	revisions *sqlstore.Repo[wispwright.ID, controller.Revision, revisionFilter]
	hold      *byIDs
}

var _ controller.TemplateStore = (*templates)(nil)

type revisionFilter struct {
	IDs wispwright.Among[wispwright.ID]
}

func newTemplates(b *sqlstore.Builder) *templates {
	db := b.DB()
	repo := sqlstore.Add[wispwright.ID, controller.Template, controller.TemplateFilter](b, sqlstore.Spec{Shape: controller.Template{}.Shape(),
		// default is a word of the language
		Columns: map[string]string{"Default": "is_default", "Required": "is_required", "VPNID": "vpn_id", "CAID": "ca_id"},
		Where: map[string]func(any) sqlstore.Cond{
			// controller compares again what this finds
			"Tag": func(v any) sqlstore.Cond { return hasTag(db, v.(string)) },
		},
	})
	revisions := sqlstore.Add[wispwright.ID, controller.Revision, revisionFilter](b, sqlstore.Spec{Shape: controller.Revision{}.Shape()})
	hold := newByIDs(b, "SELECT "+repo.ColumnsOf("controller_template")+" FROM controller_template WHERE id IN (", ") ORDER BY id"+forShare(db))
	return &templates{repo, db, revisions, hold}
}

// hasTag is the condition that a template has a tag. Tags are a JSON list: its
// text holds the quoted tag.
func hasTag(db *sqlstore.DB, tag string) sqlstore.Cond {
	quoted, err := json.Marshal(tag)
	if err != nil { // a string always has a JSON form
		return sqlstore.Cond{SQL: "1 = 0"}
	}
	return sqlstore.Cond{SQL: db.Dialect().Text("controller_template.tags") + ` LIKE ? ESCAPE '\'`, Args: []any{"%" + escapeLike(string(quoted)) + "%"}}
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// Hold locks the rows against changes, not against other transactions that hold them.
func (s *templates) Hold(ctx context.Context, ids []wispwright.ID) ([]*controller.Template, error) {
	return readByIDs(ctx, s.Repo, s.hold, ids)
}

// forShare keeps rows from being changed until the transaction ends.
func forShare(db *sqlstore.DB) string {
	if db.Dialect() == sqlstore.Postgres {
		return " FOR SHARE"
	}
	return ""
}

func (s *templates) AddRevision(ctx context.Context, r *controller.Revision) error {
	return s.revisions.Insert(ctx, r)
}

func (s *templates) Revisions(ctx context.Context, ids []wispwright.ID) ([]*controller.Revision, error) {
	items, err := s.revisions.List(ctx, wispwright.ScopeAll(), revisionFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	return items.Rows, err
}

// PruneRevisions looks first, so that writers wait for the removal only: what
// it finds belongs to no template that changed lately, so no new version names it.
func (s *templates) PruneRevisions(ctx context.Context, before, settled time.Time) (int, error) {
	query := `SELECT r.id FROM controller_revision r WHERE r.created < ? AND NOT EXISTS
		(SELECT 1 FROM controller_template t WHERE t.id = r.template_id AND (t.revision_id = r.id OR t.modified >= ?))
		AND ` + s.db.Dialect().Text("r.id") + ` NOT IN (` + namedRevisions(s.db) + `)`
	ids, err := sqlstore.Select[wispwright.ID](ctx, s.db, query, before.UTC().Truncate(time.Microsecond), settled.UTC().Truncate(time.Microsecond))
	if err != nil {
		return 0, fmt.Errorf("find controller_revision: %w", err)
	}
	for _, id := range ids {
		if err := s.revisions.Delete(ctx, wispwright.ScopeAll(), id); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return 0, err
		}
	}
	return len(ids), nil
}

// namedRevisions selects the ids in the lists of all versions.
func namedRevisions(db *sqlstore.DB) string {
	if db.Dialect() == sqlstore.Postgres {
		return `SELECT n.id FROM controller_version v, json_array_elements_text(CASE json_typeof(v.revisions) WHEN 'array' THEN v.revisions ELSE '[]' END) n (id)`
	}
	return `SELECT n.value FROM controller_version v, json_each(v.revisions) n WHERE n.type = 'text'`
}

type settings struct {
	*sqlstore.Repo[wispwright.ID, controller.Settings, controller.SettingsFilter]
	shared, exclusive *sqlstore.Stmt
}

var _ controller.SettingsStore = (*settings)(nil)

func newSettings(b *sqlstore.Builder) *settings {
	repo := sqlstore.Add[wispwright.ID, controller.Settings, controller.SettingsFilter](b, sqlstore.Spec{Shape: controller.Settings{}.Shape()})
	query := "SELECT " + repo.ColumnsOf("s") + " FROM controller_settings s WHERE s.organization_id = ?"
	shared, exclusive := query, query
	if b.DB().Dialect() == sqlstore.Postgres {
		// the organization may be changed meanwhile, but its deletion waits for its settings
		shared += " FOR SHARE"
		exclusive += " FOR UPDATE"
	}
	return &settings{Repo: repo, shared: b.Prepare(shared), exclusive: b.Prepare(exclusive)}
}

func (s *settings) Hold(ctx context.Context, organization wispwright.ID, exclusive bool) (*controller.Settings, error) {
	stmt := s.shared
	if exclusive {
		stmt = s.exclusive
	}
	found, err := s.QueryStmt(ctx, stmt, organization)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found[0], nil
}

type versions struct {
	*sqlstore.Repo[wispwright.ID, controller.Version, controller.VersionFilter]
	db   *sqlstore.DB
	mark *sqlstore.Stmt
}

var _ controller.VersionStore = (*versions)(nil)

func newVersions(b *sqlstore.Builder) *versions {
	return &versions{sqlstore.Add[wispwright.ID, controller.Version, controller.VersionFilter](b, sqlstore.Spec{Shape: controller.Version{}.Shape()}), b.DB(),
		b.Prepare("UPDATE controller_version SET served = coalesce(served, ?), reported = coalesce(reported, ?) WHERE id = ?")}
}

// Mark leaves alone the documents of the row.
func (s *versions) Mark(ctx context.Context, id wispwright.ID, served, reported time.Time) error {
	if _, err := s.mark.Exec(ctx, timeOrNull(served), timeOrNull(reported), id); err != nil {
		return fmt.Errorf("mark controller_version: %w", s.db.Explain(err))
	}
	return nil
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Prune removes a few thousand versions per statement, so that writers in
// between do not wait. The version a configuration names is its newest one.
func (s *versions) Prune(ctx context.Context, before time.Time) (int, error) {
	const step = 2000
	const query = `DELETE FROM controller_version WHERE id IN (
		SELECT v.id FROM controller_version v WHERE v.created < ?
		AND NOT EXISTS (SELECT 1 FROM controller_config c WHERE c.device_id = v.device_id AND c.version_id = v.id) LIMIT ?)`
	for total := 0; ; {
		n, err := sqlstore.Exec(ctx, s.db, query, before.UTC().Truncate(time.Microsecond), step)
		total += n
		if err != nil {
			return total, fmt.Errorf("prune controller_version: %w", err)
		}
		if n < step {
			return total, nil
		}
	}
}
