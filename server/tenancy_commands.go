package server

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// tenancyCommands are the commands of accounts.
type tenancyCommands struct {
	User   userCommand   `cmd:"" help:"Create accounts and set passwords."`
	Import importCommand `cmd:"" help:"Import from an installation of OpenWISP."`
	Shadow shadowCommand `cmd:"" help:"Answer with the server of old, ask this one the same, and tell what differs."`
	Export exportCommand `cmd:"" help:"Export to files."`
}

// Commands implements WithCommands.
func (t *TenancyConcern) Commands() []any { return []any{&tenancyCommands{}} }

type userCommand struct {
	Create   userCreate   `cmd:"" help:"Create an account."`
	Password userPassword `cmd:"" help:"Set the password of an account."`
	Factor   userFactor   `cmd:"" name:"remove-second-factor" help:"Remove the second factor of an account, for a user who lost it."`
}

// passwordFlags say where a password comes from, never as an argument that
// others on the machine could see.
type passwordFlags struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input. Default: a random one, which is printed."`
}

func (f passwordFlags) read(p *Session) (plain string, random bool, err error) {
	if !f.PasswordStdin {
		return rand.Text()[:16], true, nil
	}
	line, err := bufio.NewReader(p.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	plain = strings.TrimRight(line, "\r\n")
	if plain == "" {
		return "", false, fmt.Errorf("%w: no password on standard input", ErrUsage)
	}
	return plain, false, nil
}

type userCreate struct {
	Username  string `arg:"" help:"Name to log in with."`
	Email     string `help:"E-mail address."`
	Superuser bool   `help:"May do everything everywhere."`
	Staff     bool   `help:"May use the web admin; superusers always may."`
	passwordFlags
}

// Run creates the account.
func (u userCreate) Run(ctx context.Context, p *Session, t *TenancyConcern) error {
	plain, random, err := u.read(p)
	if err != nil {
		return err
	}
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright user create"))
		if err := t.Groups.EnsureDefaults(ctx); err != nil {
			return err
		}
		err := t.Users.Create(ctx, &tenancy.User{Username: u.Username, Email: u.Email, IsSuperuser: u.Superuser, IsStaff: u.Staff || u.Superuser, IsActive: true}, plain)
		if err != nil {
			return err
		}
		return tell(p, u.Username, plain, random)
	})
}

type userPassword struct {
	Username string `arg:"" help:"Name of the account."`
	passwordFlags
}

// Run sets the password.
func (u userPassword) Run(ctx context.Context, p *Session, t *TenancyConcern) error {
	plain, random, err := u.read(p)
	if err != nil {
		return err
	}
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright user password"))
		users := t.Users
		found, err := users.ByUsername(ctx, wispwright.ScopeAll(), u.Username)
		if err != nil {
			return fmt.Errorf("user %s: %w", u.Username, err)
		}
		if err := users.SetPassword(ctx, wispwright.ScopeAll(), found.ID, plain); err != nil {
			return err
		}
		return tell(p, u.Username, plain, random)
	})
}

type userFactor struct {
	Username string `arg:"" help:"Name of the account."`
}

// Run removes the second factor.
func (u userFactor) Run(ctx context.Context, p *Session, t *TenancyConcern) error {
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright user remove-second-factor"))
		found, err := t.Users.ByUsername(ctx, wispwright.ScopeAll(), u.Username)
		if err != nil {
			return fmt.Errorf("user %s: %w", u.Username, err)
		}
		// either kind may be missing, not both
		err, cleared := t.SecondFactors.Remove(ctx, found.ID), t.Passkeys.Clear(ctx, found.ID)
		if err == nil || errors.Is(err, wispwright.ErrNotFound) && cleared == nil {
			err = nil
			if !errors.Is(cleared, wispwright.ErrNotFound) {
				err = cleared
			}
		}
		if err != nil {
			return fmt.Errorf("second factor of %s: %w", u.Username, err)
		}
		return tell(p, u.Username, "", false)
	})
}

// tell prints a password that was made up.
func tell(p *Session, username, plain string, random bool) error {
	var err error
	if random {
		_, err = fmt.Fprintf(p.Out, "User %s, password %s\n", username, plain)
	} else {
		_, err = fmt.Fprintf(p.Out, "User %s\n", username)
	}
	return err
}
