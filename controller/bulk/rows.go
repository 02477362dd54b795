package bulk

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

// Columns are those of files, in order (spec: controller-config §14).
func Columns() []string {
	return []string{"name", "hardware_id", "mac_address", "organization", "group", "model", "os", "system", "notes", "last_ip", "management_ip", "config_status",
		"config_backend", "config_data", "config_context", "config_templates", "created", "modified", "id", "key", "organization_id", "group_id"}
}

// Row is a device of a file. What a file has no column for, or nothing in it,
// is nil and stays.
type Row struct {
	ID           wispwright.ID     `json:"id,omitzero"`
	Organization *wispwright.ID    `json:"organization_id,omitempty"`
	Group        *wispwright.ID    `json:"group_id,omitempty"`
	Texts        map[string]string `json:"texts,omitempty"`
	Backend      string            `json:"config_backend,omitempty"`
	Config       wispwright.JSON   `json:"config_data,omitempty"`
	Context      wispwright.JSON   `json:"config_context,omitempty"`
	Templates    []wispwright.ID   `json:"config_templates,omitempty"`
}

// apply changes a device as a row says.
func (r *Row) apply(d *controller.Detail, backend string) error {
	if r.Organization != nil {
		d.Device.OrganizationID = *r.Organization
	}
	if r.Group != nil {
		d.Device.GroupID = *r.Group
	}
	v := d.Device
	for name, to := range map[string]*string{"name": &v.Name, "mac_address": &v.MACAddress, "hardware_id": &v.HardwareID, "model": &v.Model, "os": &v.OS, "system": &v.System, "notes": &v.Notes} {
		if text, ok := r.Texts[name]; ok {
			*to = text
		}
	}
	if key := r.Texts["key"]; key != "" {
		v.Key = wispwright.Secret(key)
	}
	for name, to := range map[string]*netip.Addr{"last_ip": &v.LastIP, "management_ip": &v.ManagementIP} {
		text, ok := r.Texts[name]
		if !ok {
			continue
		}
		*to = netip.Addr{}
		if text == "" {
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			return wispwright.Invalid(name, "Enter a valid IPv4 or IPv6 address.")
		}
		*to = a
	}
	if r.Backend == "" && r.Config == "" && r.Context == "" && len(r.Templates) == 0 {
		return nil
	}
	if d.Config == nil {
		d.Config = &controller.Config{Backend: backend, Config: "{}", Context: "{}"}
	}
	if r.Backend != "" {
		d.Config.Backend = r.Backend
	}
	if r.Config != "" {
		d.Config.Config = r.Config
	}
	if r.Context != "" {
		d.Config.Context = r.Context
	}
	if len(r.Templates) > 0 {
		d.Config.Templates = r.Templates
	}
	return nil
}

// Reader is a format of files beside CSV and JSON, such as workbooks.
type Reader interface {
	Read(r io.Reader, row func(cells []string) error) error
}

// Import begins a task that makes devices of the rows of a file, or changes those
// whose id a row has. format is csv, json or that of other. Every row is tried
// before one is kept; without SkipFaulty nothing is when one is faulty.
func (s *Tasks) Import(ctx context.Context, scope wispwright.Scope, t *Task, file io.Reader, format string, other Reader) error {
	t.Action = Import
	var items []*Item
	var head []string
	seen := map[string]int{}
	row := func(cells map[string]string) error {
		if len(items) >= Mostly {
			return wispwright.Invalid("file", fmt.Sprintf("The file has more than %d rows.", Mostly))
		}
		items = append(items, parse(cells, len(items)+1, seen))
		return nil
	}
	table := func(cells []string) error {
		if head == nil {
			head = []string{}
			for _, c := range cells {
				head = append(head, strings.ToLower(strings.TrimSpace(strings.TrimPrefix(c, "\ufeff"))))
			}
			return checkHead(head)
		}
		fields := map[string]string{}
		for i, c := range cells {
			if i < len(head) {
				fields[head[i]] = strings.TrimSpace(c)
			}
		}
		if strings.Join(cells, "") == "" {
			return nil
		}
		return row(fields)
	}
	var err error
	switch {
	case format == "csv":
		err = readCSV(file, table)
	case format == "json":
		err = readJSON(file, row)
	case other != nil:
		err = other.Read(file, table)
	}
	var invalid *wispwright.ValidationError
	if err != nil && !errors.As(err, &invalid) {
		return wispwright.Invalid("file", "The file cannot be read: "+err.Error())
	}
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return wispwright.Invalid("file", "The file has no rows.")
	}
	if t.OrganizationID = commonOrganization(items); !scope.Allows(t.OrganizationID) {
		t.OrganizationID = wispwright.ID{}
	}
	return s.begin(ctx, scope, t, items)
}

// commonOrganization is the organization of all rows that name one; zero for
// several.
func commonOrganization(items []*Item) (common wispwright.ID) {
	for _, item := range items {
		var r Row
		if err := json.Unmarshal([]byte(item.Row.Reveal()), &r); err != nil || r.Organization == nil {
			continue
		}
		if !common.IsZero() && common != *r.Organization {
			return wispwright.ID{}
		}
		common = *r.Organization
	}
	return common
}

func checkHead(head []string) error {
	for _, name := range head {
		if name == "name" || name == "id" {
			return nil
		}
	}
	return wispwright.Invalid("file", "The first row must name the columns: name, mac_address and organization_id, or id.")
}

func readCSV(file io.Reader, row func([]string) error) error {
	r := csv.NewReader(file)
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, c := range cells {
			if strings.HasPrefix(c, "'") && isFormula(c) {
				cells[i] = c[1:]
			}
		}
		if err := row(cells); err != nil {
			return err
		}
	}
}

// Guarded keeps spreadsheets from taking a cell of CSV for a formula: such a text
// gets a quote in front, which an import takes away again.
func Guarded(cell string) string {
	if isFormula(cell) {
		return "'" + cell
	}
	return cell
}

// isFormula reports whether a spreadsheet would calculate a text, also one that
// was guarded before.
func isFormula(cell string) bool {
	cell = strings.TrimLeft(cell, "'")
	return cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0]))
}

func readJSON(file io.Reader, row func(map[string]string) error) error {
	var list []map[string]json.RawMessage
	if err := json.NewDecoder(file).Decode(&list); err != nil {
		return err
	}
	for _, o := range list {
		fields := map[string]string{}
		for name, raw := range o {
			text := string(raw)
			var s string
			switch {
			case text == "null":
				text = ""
			case json.Unmarshal(raw, &s) == nil:
				text = s
			}
			fields[name] = text
		}
		if err := row(fields); err != nil {
			return err
		}
	}
	return nil
}

// parse makes an item of a row; one that cannot be read has failed already.
func parse(cells map[string]string, n int, seen map[string]int) *Item {
	item := &Item{Name: shortened(cells["name"], mostNamed), Position: int64(n)}
	var v wispwright.ValidationError
	r := Row{Texts: map[string]string{}}
	id := func(column string) *wispwright.ID {
		text := cells[column]
		if text == "" {
			return nil
		}
		parsed, err := wispwright.ParseID(text)
		if err != nil {
			v.Add(column, "“"+text+"” is not a valid UUID.")
			return nil
		}
		return &parsed
	}
	if found := id("id"); found != nil {
		r.ID = *found
	}
	if r.Organization = id("organization_id"); r.Organization == nil && cells["organization_id"] == "" {
		// the manual's example has the id in this column
		if parsed, err := wispwright.ParseID(cells["organization"]); err == nil {
			r.Organization = &parsed
		}
	}
	r.Group = id("group_id")
	for _, name := range []string{"name", "mac_address", "hardware_id", "model", "os", "system", "notes", "key", "last_ip", "management_ip"} {
		text, ok := cells[name]
		if ok {
			r.Texts[name] = text
		}
		if strings.Contains(text, "\x00") {
			v.Add(name, valid.NullCharacters)
		}
	}
	r.Backend = cells["config_backend"]
	for column, to := range map[string]*wispwright.JSON{"config_data": &r.Config, "config_context": &r.Context} {
		text := cells[column]
		if text == "" {
			continue
		}
		if _, err := ordered.DecodeObject([]byte(text)); err != nil {
			v.Add(column, "Enter a valid JSON object.")
		}
		*to = wispwright.JSON(text)
	}
	for text := range strings.SplitSeq(strings.Trim(cells["config_templates"], "[] "), ",") {
		if text = strings.Trim(text, `" `); text == "" {
			continue
		}
		parsed, err := wispwright.ParseID(text)
		if err != nil {
			v.Add("config_templates", "“"+text+"” is not a valid UUID.")
		}
		r.Templates = append(r.Templates, parsed)
	}
	if r.ID.IsZero() {
		if r.Organization == nil {
			v.Add("organization_id", valid.Blank)
		}
		for _, name := range []string{"name", "mac_address"} {
			if cells[name] == "" {
				v.Add(name, valid.Blank)
			}
		}
	}
	r.twice(&v, n, seen)
	if err := v.Err(); err != nil { // what else it says is not needed any more
		item.State, item.Message = Failed, shortened(faults(err), mostSaid)
		r = Row{Organization: r.Organization}
	}
	text, err := json.Marshal(r)
	if err != nil {
		item.State, item.Message = Failed, err.Error()
	}
	item.Row = wispwright.Secret(text)
	return item
}

// The bounds of what is kept of a row that cannot be read: a file may have 100,000 of
// them, each as long as the file.
const (
	mostNamed = 64
	mostSaid  = 500
)

// shortened is a text of at most n characters, each of which a database takes.
func shortened(text string, n int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text[:min(len(text), 4*n)], "\ufffd"), "\x00", "\ufffd")
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// twice refuses what a row has in common with an earlier one.
func (r *Row) twice(v *wispwright.ValidationError, n int, seen map[string]int) {
	organization := ""
	if r.Organization != nil {
		organization = r.Organization.String()
	}
	for _, k := range []struct{ field, value string }{{"name", strings.ToLower(r.Texts["name"])}, {"mac_address", strings.ToUpper(r.Texts["mac_address"])}, {"key", r.Texts["key"]}, {"id", r.ID.String()}} {
		if k.value == "" {
			continue
		}
		key := k.field + " " + k.value
		if k.field == "name" || k.field == "mac_address" {
			key += " " + organization
		}
		if first := seen[key]; first > 0 {
			v.Add(k.field, fmt.Sprintf("The row %d has the same.", first))
			continue
		}
		seen[key] = n
	}
}
