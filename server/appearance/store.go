package appearance

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the table.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "appearance", FS: migrations}
}

// Kind is what the history calls the look.
const Kind = "appearance.look"

// Service keeps what was chosen over the settings.
type Service struct {
	db       *sqlstore.DB
	settings Look
	recorder wispwright.Recorder
}

// NewService returns it on a migrated database. Settings are the look where
// nothing is chosen; recorder keeps the history, nil keeps none.
func NewService(db *sqlstore.DB, settings Look, recorder wispwright.Recorder) *Service {
	return &Service{db, settings, recorder}
}

// Chosen is what was chosen; nothing chosen is an empty look.
func (s *Service) Chosen(ctx context.Context) (out Look, err error) {
	rows, err := sqlstore.Select[string](ctx, s.db, "SELECT look FROM appearance WHERE id = 1")
	if err != nil || len(rows) == 0 {
		return out, err
	}
	if err := json.Unmarshal([]byte(rows[0]), &out); err != nil {
		return Look{}, fmt.Errorf("appearance: what is stored: %w", err)
	}
	return out, nil
}

// Settings are those below what was chosen.
func (s *Service) Settings() Look { return s.settings }

// Shown is how the installation looks.
func (s *Service) Shown(ctx context.Context) (Look, error) {
	chosen, err := s.Chosen(ctx)
	return chosen.Over(s.settings).Shown(), err
}

// Choose changes what was chosen: change gets what is, and returns what will be.
// A look that is wrong changes nothing.
func (s *Service) Choose(ctx context.Context, change func(Look) Look) (out Look, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		before, err := s.Chosen(ctx)
		if err != nil {
			return err
		}
		out = change(before)
		if err := out.Check(); err != nil {
			return err
		}
		fields := differences(before, out)
		if len(fields) == 0 {
			return nil
		}
		text, err := json.Marshal(out)
		if err != nil {
			return err
		}
		if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO appearance (id, look) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET look = excluded.look", string(text)); err != nil {
			return err
		}
		if s.recorder == nil {
			return nil
		}
		return s.recorder.Record(ctx, wispwright.Change{Kind: Kind, ObjectID: "1", Label: "Appearance", Action: "change", Fields: fields})
	})
	return out, err
}

// differences are for the history; of pictures it keeps how large they are.
func differences(before, after Look) (out []wispwright.FieldChange) {
	size := func(picture string) string {
		if picture == "" {
			return ""
		}
		return fmt.Sprintf("%d characters", len(picture))
	}
	for _, f := range []struct {
		name, old, new string
		picture        bool
	}{
		{"Name", before.Name, after.Name, false}, {"Logo", before.Logo, after.Logo, true}, {"Icon", before.Icon, after.Icon, true}, {"Bar", before.Bar, after.Bar, false},
		{"Accent", before.Accent, after.Accent, false}, {"AccentDark", before.AccentDark, after.AccentDark, false}, {"Theme", before.Theme, after.Theme, false}, {"Notice", before.Notice, after.Notice, false},
	} {
		if f.old == f.new {
			continue
		}
		if f.picture {
			f.old, f.new = size(f.old), size(f.new)
		}
		out = append(out, wispwright.FieldChange{Field: f.name, Old: f.old, New: f.new})
	}
	return out
}
