package cli

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright/server"
)

type secretsCommand struct {
	Rotate secretsRotate `cmd:"" help:"Seal every secret with the present secret_key; afterwards old_secret_keys can be emptied."`
}

type secretsRotate struct{}

// Run seals what former keys sealed.
func (secretsRotate) Run(ctx context.Context, s *server.Session) error {
	return s.Open(ctx, func(srv *server.Server) error {
		n, err := srv.DB().Reseal(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%d secrets are sealed with the present key now.\n", n)
		return err
	})
}
