package connectionsql

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// NewTerminals returns the stores of terminals on a migrated database.
func NewTerminals(db *sqlstore.DB) (terminal.Stores, error) {
	b := sqlstore.Build(db)
	s := terminal.Stores{
		Sessions: sqlstore.Add[wispwright.ID, terminal.Session, terminal.Filter](b, sqlstore.Spec{Shape: terminal.Session{}.Shape()}),
		Parts:    sqlstore.Add[wispwright.ID, terminal.Part, terminal.PartFilter](b, sqlstore.Spec{Shape: terminal.Part{}.Shape()}),
	}
	return s, b.Err()
}
