package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// Outbox writes each e-mail into a file of its own, to be read by people or to
// be sent by another program. Only the owner may read them: they hold links
// that open accounts.
type Outbox struct {
	dir  string
	from sender
}

var _ tenancy.Mailer = (*Outbox)(nil)

// NewOutbox returns an outbox in a folder, which is made for the first e-mail.
func NewOutbox(dir, from string) (*Outbox, error) {
	s, err := newSender(from)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return nil, errors.New("mail: a folder is required")
	}
	return &Outbox{dir, s}, nil
}

// Send writes the file. It appears under its name only when it is complete.
func (o *Outbox) Send(_ context.Context, m tenancy.Message) error {
	msg, err := o.from.compose(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return fmt.Errorf("make the outbox: %w", err)
	}
	id := wispwright.NewID()
	name := filepath.Join(o.dir, time.Now().UTC().Format("20060102T150405.000000Z-")+id.String()[:8]+".eml")
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write an e-mail: %w", err)
	}
	_, err = msg.WriteTo(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(name+".part", name)
	}
	if err != nil {
		_ = os.Remove(name + ".part") // the first error is the one to tell
		return fmt.Errorf("write an e-mail: %w", err)
	}
	return nil
}
