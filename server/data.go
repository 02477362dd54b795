package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/wispwright/wispwright"
)

// LoadData reads what concerns keep from JSON. Each has keys of its own
// (WithData); those of the accounts are
//
//	{"organizations": [{"name", "slug", "is_active"}],
//	 "users": [{"username", "email", "password", "token", "is_superuser", "is_staff",
//	            "groups": [name], "organizations": [{"slug", "is_admin"}],
//	            "password_updated": "YYYY-MM-DD", "expiration_date": "YYYY-MM-DD"}]}
//
// and the controller adds "shared_secret" and "registration_enabled" to each
// organization (WithOrganizationData).
//
// Passwords are in clear or Django's hashes, and age from password_updated, or
// from the day of loading when that is left out. What exists is changed to what the
// file says, so that loading twice changes nothing; what the file leaves out
// stays. All or nothing is stored.
func (s *Server) LoadData(ctx context.Context, r io.Reader) error {
	file, err := readData(r)
	if err != nil {
		return fmt.Errorf("load data: %w", err)
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("loaddata"))
	if t, ok := Find[*TenancyConcern](s.concerns); ok {
		if err := t.refuseGoing(ctx, file); err != nil {
			return fmt.Errorf("load data: %w", err)
		}
	}
	var stores []func(context.Context) error
	for _, c := range s.concerns {
		d, ok := c.(WithData)
		if !ok {
			continue
		}
		part := own(file, d.DataKeys())
		maps.DeleteFunc(file, func(key string, _ json.RawMessage) bool { return slices.Contains(d.DataKeys(), key) })
		store, err := d.LoadData(ctx, part)
		if err != nil {
			return fmt.Errorf("load data: %w", err)
		}
		stores = append(stores, store)
	}
	for _, key := range slices.Sorted(maps.Keys(file)) {
		return fmt.Errorf("load data: unknown field %q", key)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, store := range stores {
			if err := store(ctx); err != nil {
				return fmt.Errorf("load data: %w", err)
			}
		}
		return nil
	})
}

// maxData bounds a file of data.
const maxData = 64 << 20

func readData(r io.Reader) (file map[string]json.RawMessage, err error) {
	decoder := json.NewDecoder(io.LimitReader(r, maxData))
	if err := decoder.Decode(&file); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return file, nil
}

// strictly decodes JSON that may have no unknown fields.
func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// DumpData writes what LoadData reads. The file holds password hashes, tokens
// and shared secrets: keep it as a secret.
func (s *Server) DumpData(ctx context.Context, w io.Writer) error {
	var text json.RawMessage
	// one transaction, so that nothing changes in between
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var parts []any
		for _, c := range s.concerns {
			d, ok := c.(WithData)
			if !ok {
				continue
			}
			part, err := d.DumpData(ctx)
			if err != nil {
				return err
			}
			parts = append(parts, part)
		}
		var err error
		text, err = joined(parts...)
		return err
	})
	if err != nil {
		return fmt.Errorf("dump data: %w", err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		return fmt.Errorf("dump data: %w", err)
	}
	indented.WriteByte('\n')
	if _, err := indented.WriteTo(w); err != nil {
		return fmt.Errorf("dump data: %w", err)
	}
	return nil
}

// joined writes structs as one JSON object, in their order.
func joined(parts ...any) (json.RawMessage, error) {
	out := []byte{'{'}
	for _, p := range parts {
		text, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		if len(text) < 2 || text[0] != '{' {
			return nil, fmt.Errorf("%T is no JSON object", p)
		}
		if text = text[1 : len(text)-1]; len(text) > 0 && len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, text...)
	}
	return append(out, '}'), nil
}
