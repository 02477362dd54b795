package server

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/connectionsql"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/server/jobs"
)

const terminalKind = "connection.terminal"

// openTerminals makes the service of terminals, and what is done for it again and again.
func (c *ConnectionConcern) openTerminals(h *Host) error {
	stores, err := connectionsql.NewTerminals(h.DB())
	if err != nil {
		return err
	}
	s := &c.Config
	c.terminals, err = terminal.New(c.base(h), stores, c.Connection, c.Controller.Controller, &terminal.Options{
		Proof: c.proof, Idle: s.TerminalIdle, Tape: s.TerminalRecording, Log: h.Log(),
	})
	if err != nil {
		return err
	}
	h.Watchable(terminalKind)
	c.terminals.Changed.Subscribe("live: "+terminalKind, func(ctx context.Context, list ...terminal.Session) {
		for _, t := range list {
			h.Changed(ctx, terminalKind, t.OrganizationID, t.ID.String())
		}
	})
	reap, err := jobs.Kind[struct{}]{Name: "connection.terminals"}.Every(5*time.Minute, struct{}{}, func(ctx context.Context, _ struct{}) error { return c.terminals.Reap(ctx) })
	if err != nil {
		return fmt.Errorf("terminals of nodes that died: %w", err)
	}
	h.Jobs().AddPeriodic(reap)
	h.Daily("connection.terminals_clean", func(ctx context.Context) error {
		if s.TerminalAge <= 0 {
			return nil
		}
		_, err := c.terminals.Clean(ctx, s.TerminalAge)
		return err
	})
	return nil
}

// proof asks for a second factor where an organization wants one.
func (c *ConnectionConcern) proof(ctx context.Context, organization, user wispwright.ID, code string) error {
	wants := c.Config.TerminalSecondFactor
	if !slices.Contains(wants, connection.Everybody) && !slices.Contains(wants, organization.String()) {
		return nil
	}
	const field = "code"
	if c.Controller.Tenancy == nil {
		return wispwright.Invalid(field, "A second factor is wanted, and there are no accounts that have one.")
	}
	factors := c.Controller.Tenancy.SecondFactors
	has, err := factors.Has(ctx, user)
	switch {
	case err != nil:
		return err
	case !has:
		return wispwright.Invalid(field, "This organization lets only accounts with a second factor open terminals: set one up first.")
	case code == "":
		return wispwright.Invalid(field, "A one-time code of your second factor is required.")
	}
	good, err := factors.Check(ctx, user, code)
	if err == nil && !good {
		err = wispwright.Invalid(field, "The code is wrong or was used already.")
	}
	return err
}
