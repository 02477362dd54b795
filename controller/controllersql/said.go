package controllersql

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// What devices say of themselves: the names of conditions on devices, see Said, and
// what CountSaid tells apart.
const (
	// SaidModel is the model: a string.
	SaidModel = "controller.model"
	// SaidOS is the operating system.
	SaidOS = "controller.os"
	// SaidSystem is the system on chip.
	SaidSystem = "controller.system"
)

func saidColumn(said string) (string, bool) {
	column, ok := map[string]string{SaidModel: "model", SaidOS: "os", SaidSystem: "system"}[said]
	return DeviceTable + "." + column, ok
}

// Said are conditions on devices for New: that they say exactly a text of
// themselves, also none.
func Said(sqlstore.Dialect) Related {
	out := Related{}
	for _, said := range []string{SaidModel, SaidOS, SaidSystem} {
		column, _ := saidColumn(said)
		out[said] = func(v any) sqlstore.Cond { return sqlstore.Cond{SQL: column + " = ?", Args: []any{v}} }
	}
	return out
}

// SaidBy is how many devices say something.
type SaidBy struct {
	// Text is what they say, empty for nothing.
	Text string
	// Devices is how many they are.
	Devices int
}

// CountSaid counts the devices of a scope by what they say, one of the names of
// conditions: the most frequent texts, at most so many.
func CountSaid(ctx context.Context, db *sqlstore.DB, scope wispwright.Scope, said string, most int) ([]SaidBy, error) {
	column, ok := saidColumn(said)
	if !ok {
		return nil, fmt.Errorf("controllersql.CountSaid: devices do not say %q", said)
	}
	where := sqlstore.ScopeCond("organization_id", scope)
	query := "SELECT " + column + " AS said, count(*) AS n FROM " + DeviceTable
	if where.SQL != "" {
		query += " WHERE " + where.SQL
	}
	rows, err := sqlstore.Select[struct {
		Said string `db:"said"`
		N    int    `db:"n"`
	}](ctx, db, query+" GROUP BY "+column+" ORDER BY n DESC, said LIMIT ?", append(where.Args, most)...)
	if err != nil {
		return nil, fmt.Errorf("count what devices say: %w", err)
	}
	out := make([]SaidBy, len(rows))
	for i, r := range rows {
		out[i] = SaidBy{Text: r.Said, Devices: r.N}
	}
	return out, nil
}
