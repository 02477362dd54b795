package moving

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/tenancy"
)

// Transactor is a database in which a part of a transaction can be undone, as
// sqlstore.DB is.
type Transactor interface {
	wispwright.Transactor
	// Try runs fn within the context's transaction; when it fails, what it
	// wrote is undone and the transaction goes on.
	Try(ctx context.Context, fn func(context.Context) error) error
}

// Target is where an import writes.
type Target struct {
	// Transactor is what Tenancy and Settings are stored with.
	Transactor Transactor
	// Tenancy takes organizations and accounts.
	Tenancy *tenancy.Tenancy
	// Settings takes shared secrets, variables and limits of organizations.
	// Default: they are left out.
	Settings *controller.OrganizationSettings
}

// Options change what an import does; nil means the defaults.
type Options struct {
	// DryRun tells what would be done and does nothing. Everything is tried on
	// the database first and then undone, so it takes as long.
	DryRun bool
	// SkipFaulty leaves out rows with faults and what belongs to them. Default:
	// with any fault nothing is stored. Import always does so.
	SkipFaulty bool
	// Media is the folder of OpenWISP's uploaded files, in which media/ and private/
	// lie or whose own files they are. Default: files are left out.
	Media string
	// Series is a file in InfluxDB's line protocol, packed or not. Default: what was
	// measured is left out.
	Series string
	// Progress is told how many rows of a table were read, and how many there are.
	Progress func(table string, read, all int)
}

// ErrFaults is returned when rows have faults, for which nothing was stored.
var ErrFaults = errors.New("there are faults")

// errDryRun undoes what was tried.
var errDryRun = errors.New("dry run")

// ImportUsers reads organizations with their settings, groups, users, e-mail
// addresses, tokens, memberships and owners from the database of an OpenWISP
// installation, a PostgreSQL address or an SQLite file, which is only read.
// Ids, hashes, dates and tokens stay as they are. What exists becomes what it
// is there, so a second run changes nothing; what exists only here stays. All
// or nothing is stored.
//
// The report is there with ErrFaults too; it is nil with any other error.
func ImportUsers(ctx context.Context, from string, target Target, options *Options) (report *Report, err error) {
	if options == nil {
		options = &Options{}
	}
	src, err := openSource(ctx, from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.close()) }()
	ctx = wispwright.WithCaller(ctx, wispwright.System("import users"))
	err = target.Transactor.InTx(ctx, func(ctx context.Context) error {
		i := newImporter(target, src, options)
		report = i.report
		if err := i.everything(ctx); err != nil {
			return err
		}
		switch {
		case report.Faulty > 0 && !options.SkipFaulty:
			return ErrFaults
		case options.DryRun:
			return errDryRun
		}
		return nil
	})
	switch {
	case errors.Is(err, errDryRun):
		return report, nil
	case errors.Is(err, ErrFaults):
		return report, fmt.Errorf("import users: %w: %d", ErrFaults, report.Faulty)
	case err != nil:
		return nil, fmt.Errorf("import users: %w", err)
	}
	return report, nil
}

// importer is one run.
type importer struct {
	Target
	source  *source
	report  *Report
	options Options

	// groups are the numbers here by those there
	groups map[int64]int64
	// leftOut are objects with faults
	leftOut map[wispwright.ID]bool
	// unknown counts permissions that do not exist here
	unknown map[wispwright.Permission]int
	// addresses are users by their e-mail address in lower case
	addresses map[string]address
	// seen are the rows of addresses that were read, by user and in lower case
	seen map[string]string
	// notes are what one part tells another
	notes map[any]any
}

type address struct{ username, email string }

func newImporter(t Target, src *source, o *Options) *importer {
	return &importer{
		Target: t, source: src, report: &Report{}, options: *o,
		groups: map[int64]int64{}, leftOut: map[wispwright.ID]bool{}, notes: map[any]any{},
		unknown: map[wispwright.Permission]int{}, addresses: map[string]address{}, seen: map[string]string{},
	}
}

func (i *importer) everything(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		i.importOrganizations, i.importSettings, i.importLimits, i.importGroups,
		i.importUsers, i.importEmails, i.importTokens, i.importMemberships, i.importOwners, i.tellSite,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, p := range slices.Sorted(maps.Keys(i.unknown)) {
		i.report.notice("the permission %s does not exist here: left out of %d groups and users", p, i.unknown[p])
	}
	return nil
}

// optional reports whether a table is there, and notes when it is not.
func (i *importer) optional(table string) bool {
	if i.source.has(table) {
		return true
	}
	i.report.notice("there is no table %s: nothing is read of it", table)
	return false
}

// table stores the rows of a table. store returns what it did, as Restore does;
// rows that it refuses are faults. owners are the columns of ids whose objects a row
// needs: with one that was left out, it is left out too.
func (i *importer) table(ctx context.Context, name, key string, owners []string, store func(ctx context.Context, r *Row) (string, error)) error {
	count := i.report.table(name)
	all := 0
	if i.options.Progress != nil {
		var err error
		if all, err = i.source.count(ctx, name); err != nil {
			return err
		}
	}
	return i.source.pages(ctx, name, key, func(rows []*Row) error {
		return i.page(ctx, count, all, func(ctx context.Context) error {
			for _, r := range rows {
				if err := i.row(ctx, count, r, owners, store); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// page stores some rows in a transaction, of their own or the whole import's. It
// may be run again, so what it counted before is forgotten first.
func (i *importer) page(ctx context.Context, count *Count, all int, fn func(context.Context) error) error {
	before, faults, faulty := *count, len(i.report.Faults), i.report.Faulty
	err := i.Transactor.InTx(ctx, func(ctx context.Context) error {
		*count, i.report.Faults, i.report.Faulty = before, i.report.Faults[:faults], faulty
		return fn(ctx)
	})
	if err == nil && i.options.Progress != nil {
		i.options.Progress(count.Table, count.Read, all)
	}
	return err
}

func (i *importer) row(ctx context.Context, count *Count, r *Row, owners []string, store func(ctx context.Context, r *Row) (string, error)) error {
	count.Read++
	for _, column := range owners {
		if r.Has(column) && i.leftOut[r.ID(column)] {
			return i.leave(count, r)
		}
	}
	action := ""
	err := r.Err()
	if err == nil {
		err = i.Transactor.Try(ctx, func(ctx context.Context) (err error) {
			action, err = store(ctx, r)
			return err
		})
	}
	if err == nil {
		count.done(action)
		return nil
	}
	if errors.Is(err, errLeaveOut) {
		return i.leave(count, r)
	}
	if !refused(err) {
		return fmt.Errorf("%s: %w", r, err)
	}
	i.report.fault(r, err)
	return i.leave(count, r)
}

// errLeaveOut leaves a row out without a fault, such as one that a part told of in a
// notice.
var errLeaveOut = errors.New("left out")

// leave notes that a row was left out, for the rows that need it.
func (i *importer) leave(count *Count, r *Row) error {
	count.Left++
	if r.key == "id" && len(r.Text("id")) >= 32 { // others refer only to UUIDs
		id, err := wispwright.ParseID(r.Text("id"))
		if err == nil { // otherwise nobody can refer to it
			i.leftOut[id] = true
		}
	}
	return nil
}

// refused tells whether an error is about the row, and not about the database. A row may name what is not
// there: databases that did not look at such references, or were cut down by hand, have some.
func refused(err error) bool {
	var invalid *wispwright.ValidationError
	var conflict *wispwright.ConflictError
	var missing *wispwright.MissingError
	return errors.As(err, &invalid) || errors.As(err, &conflict) || errors.As(err, &missing) || errors.Is(err, wispwright.ErrNotFound)
}

// known leaves out the permissions that do not exist here.
func (i *importer) known(list []wispwright.Permission) []wispwright.Permission {
	out := []wispwright.Permission{}
	for _, p := range list {
		if i.Tenancy.Groups.Catalogue().Known(p) {
			out = append(out, p)
		} else {
			i.unknown[p]++
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// permissions reads which users or groups have which permissions from a table of pairs.
func (i *importer) permissions(ctx context.Context, table, owner string) (map[string][]wispwright.Permission, error) {
	for _, t := range []string{table, "auth_permission", "django_content_type"} {
		if !i.optional(t) {
			return nil, nil
		}
	}
	rows, err := i.source.all(ctx, table, "SELECT x."+owner+" AS owner, t.app_label AS app_label, p.codename AS codename FROM "+table+" x"+
		" JOIN auth_permission p ON p.id = x.permission_id JOIN django_content_type t ON t.id = p.content_type_id")
	if err != nil {
		return nil, err
	}
	out := map[string][]wispwright.Permission{}
	for _, r := range rows {
		k := plainKey(r.Text("owner"))
		out[k] = append(out[k], wispwright.Permission(r.Text("app_label")+"."+r.Text("codename")))
	}
	return out, nil
}

// plainKey is a UUID in the spelling of both databases.
func plainKey(s string) string { return strings.ReplaceAll(s, "-", "") }

func (i *importer) tellSite(ctx context.Context) error {
	if !i.source.has("django_site") {
		return nil
	}
	rows, err := i.source.all(ctx, "django_site", "SELECT name, domain FROM django_site ORDER BY id LIMIT 1")
	if err != nil || len(rows) == 0 {
		return err
	}
	i.report.notice("the site there is %q at %q: see tenancy.site_name and tenancy.site_url", rows[0].Text("name"), rows[0].Text("domain"))
	return nil
}
