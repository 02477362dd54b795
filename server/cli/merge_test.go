package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/cli"
)

// commanding is a concern with commands and nothing else.
type commanding struct {
	server.Concern
	commands any
}

func (c commanding) Commands() []any { return []any{c.commands} }

type said struct {
	Word string `arg:"" optional:""`
}

// Run says what it was asked.
func (s said) Run(_ context.Context, p *server.Session) error {
	_, err := fmt.Fprintln(p.Out, "said", s.Word)
	return err
}

type (
	below struct {
		Deep said `cmd:"" help:"Speak from below."`
	}
	first struct {
		Say said  `cmd:"" help:"Speak."`
		Sub below `cmd:"" help:"Further down."`
	}
	further struct {
		Loud said `cmd:"" help:"Speak up."`
	}
	second struct {
		Cry said    `cmd:"" help:"Cry."`
		Sub further `cmd:"" help:"Not shown: the first help is."`
	}
)

// Two concerns may bring commands of one group, at any depth.
func TestCommandsOfOneGroup(t *testing.T) {
	groups := []server.Concern{
		commanding{commands: &struct {
			Talk first `cmd:"" name:"talk" help:"Words."`
		}{}},
		commanding{commands: &struct {
			Talk second `cmd:"" name:"talk" help:"More words."`
			Else said   `cmd:"" name:"else" help:"Another command."`
		}{}},
	}
	run := func(concerns []server.Concern, args ...string) (status int, out, errs string) {
		var o, e bytes.Buffer
		status = cli.Run(cli.Program{Args: args, Out: &o, Err: &e, Concerns: concerns})
		return status, o.String(), e.String()
	}
	for _, args := range [][]string{{"talk", "say", "it"}, {"talk", "cry", "it"}, {"talk", "sub", "deep", "it"}, {"talk", "sub", "loud", "it"}, {"else", "it"}} {
		status, out, errs := run(groups, args...)
		require.Equal(t, "said it\n", out, "%v: %s", args, errs)
		require.Equal(t, 0, status)
	}
	status, out, _ := run(groups, "talk", "--help")
	require.Equal(t, 0, status)
	require.Contains(t, out, "Words.")
	for _, command := range []string{"talk say", "talk cry", "talk sub deep", "talk sub loud"} {
		require.Contains(t, out, command)
	}
	status, _, errs := run(groups, "talk", "whisper")
	require.Equal(t, 2, status)
	require.Contains(t, errs, "whisper")

	// a command is no group: its name is taken
	taken := append(groups, commanding{commands: &struct {
		Talk said `cmd:"" name:"talk"`
	}{}})
	status, _, errs = run(taken, "talk", "say")
	require.Equal(t, 1, status)
	require.Contains(t, errs, `duplicate command name "talk"`)
}
