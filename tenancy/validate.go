package tenancy

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
)

// base is what the services of this package share.
type base struct {
	entity *entity.Base
	known  *cache.Cache[proof, known]
}

func (b base) now() time.Time { return b.entity.Now() }

// within runs a write that names itself in its errors.
func (b base) within(ctx context.Context, fn func(context.Context) error) error {
	return b.entity.Tx.InTx(ctx, fn)
}

func (b base) do(ctx context.Context, operation string, fn func(context.Context) error) error {
	return b.entity.Do(ctx, operation, fn)
}

// forget drops the callers that are remembered, whose rights may have changed.
func (b base) forget(ctx context.Context) error { return b.known.Purge(ctx) }

// forgetting is forget as a Kind's Stored.
func forgetting[T any](b base) func(context.Context, ...entity.Change[T]) error {
	return func(ctx context.Context, _ ...entity.Change[T]) error { return b.forget(ctx) }
}

func (b base) record(ctx context.Context, action, kind, id, label string, organization wispwright.ID, fields []wispwright.FieldChange) error {
	return b.entity.Record(ctx, wispwright.Change{
		Kind: kind, ObjectID: id, Label: label, OrganizationID: organization, Action: action, Fields: fields,
	})
}

func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// Slugify makes a slug of a name: ASCII letters and digits in lower case,
// everything else one hyphen.
func Slugify(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'):
			b.WriteRune(r)
		case r == ' ' || r == '-':
			if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
				b.WriteByte('-')
			}
		}
	}
	return strings.Trim(b.String(), "-_")
}
