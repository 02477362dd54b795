package controllersql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// prepareEnroll prepares the statement by which PostgreSQL stores a device
// that registers: four inserts in one round trip, which is what a
// registration's time is made of. SQLite has neither such statements nor round
// trips.
func (s *devices) prepareEnroll() error {
	if s.db.Dialect() != sqlstore.Postgres {
		return nil
	}
	values := func(columns string) string {
		return "(" + columns + ") VALUES (" + strings.TrimSuffix(strings.Repeat("?, ", strings.Count(columns, ",")+1), ", ") + ")"
	}
	query := "WITH d AS (INSERT INTO " + DeviceTable + " " + values(s.Columns()) + "), c AS (INSERT INTO " + configTable + " " + values(s.configs.Columns()) +
		"), l AS (INSERT INTO controller_config_template (template_id, device_id) SELECT t, ?::uuid FROM unnest(?::uuid[]) AS t)" +
		" INSERT INTO controller_version " + values(s.versions.Columns())
	var err error
	if s.enroll, err = s.db.Prepare(query); err != nil {
		return fmt.Errorf("store controller_device: %w", err)
	}
	return nil
}

// Enroll implements controller.DeviceStore.
func (s *devices) Enroll(ctx context.Context, d *controller.Device, c *controller.Config, v *controller.Version) error {
	if s.enroll == nil {
		return s.enrollInTurn(ctx, d, c, v)
	}
	device, err := s.Args(d)
	if err != nil {
		return err
	}
	config, err := s.configs.Args(c)
	if err != nil {
		return err
	}
	version, err := s.versions.Args(v)
	if err != nil {
		return err
	}
	templates := make([]string, 0, len(c.Templates))
	for _, id := range sorted(c.Templates) {
		templates = append(templates, id.String())
	}
	links := []any{d.ID, pq.Array(templates)}
	if _, err := s.enroll.Exec(ctx, slices.Concat(device, config, links, version)...); err != nil {
		return s.failed("insert", err)
	}
	return nil
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
