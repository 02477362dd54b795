package server

import (
	"context"
	"fmt"
)

var _ WithCommands = (*MonitoringConcern)(nil)

// Commands implements WithCommands, with the names they have in OpenWISP.
func (c *MonitoringConcern) Commands() []any {
	return []any{&struct {
		Run runChecks `cmd:"" name:"run_checks" help:"Make all active checks due now; a running server runs them."`
	}{}}
}

type runChecks struct {
	Type []string `help:"Only checks of these types, such as openwisp_monitoring.check.classes.Ping."`
}

// Run makes the checks due.
func (r runChecks) Run(ctx context.Context, session *Session, c *MonitoringConcern) error {
	return session.Open(ctx, func(*Server) error {
		n, err := c.Checks.RunAll(ctx, r.Type...)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(session.Out, "%d checks are due now.\n", n)
		return err
	})
}
