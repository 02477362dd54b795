package tenancy

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/wispwright/wispwright"
)

// base is what every service of this package works with.
type base struct {
	tx       wispwright.Transactor
	recorder wispwright.Recorder
	clock    func() time.Time
}

func (b base) now() time.Time { return b.clock().UTC().Truncate(time.Microsecond) }

// do runs a write in a transaction and says in its error what was being done.
func (b base) do(ctx context.Context, operation string, fn func(context.Context) error) error {
	if err := b.tx.InTx(ctx, fn); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}

func (b base) record(ctx context.Context, action, kind, id, label string, organization wispwright.ID, fields []wispwright.FieldChange) error {
	return b.recorder.Record(ctx, wispwright.Change{
		Kind: kind, ObjectID: id, Label: label, OrganizationID: organization, Action: action, Fields: fields,
	})
}

func action(created bool) string {
	if created {
		return "add"
	}
	return "change"
}

func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

func unknownPK(id any) string { return fmt.Sprintf("Invalid pk \"%v\" - object does not exist.", id) }

func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

type fieldMessage struct{ field, message string }

// conflictAs turns a broken rule of uniqueness into a fault of its field.
func conflictAs(err error, rules map[string]fieldMessage) error {
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) {
		if m, ok := rules[conflict.Unique]; ok {
			return wispwright.Invalid(m.field, m.message)
		}
	}
	return err
}

func checkText(v *wispwright.ValidationError, field string, value *string, limit int, required bool) {
	if required && *value == "" {
		v.Add(field, "This field cannot be blank.")
	}
	if n := utf8.RuneCountInString(*value); n > limit {
		v.Add(field, fmt.Sprintf("Ensure this value has at most %d characters (it has %d).", limit, n))
	}
	if strings.ContainsRune(*value, 0) {
		v.Add(field, "Null characters are not allowed.")
	}
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

func slugPattern(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			return false
		}
	}
	return s != ""
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || strings.ContainsAny(s, "\r\n") {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(domain, ".") || domain == "localhost"
}

func validURL(s string, limit int) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= limit && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "ftp")
}
