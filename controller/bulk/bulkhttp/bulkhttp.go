// Package bulkhttp is the REST side of package bulk.
package bulkhttp

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// Workbook is a format of files with tables.
type Workbook interface {
	bulk.Reader
	Write(w io.Writer, rows iter.Seq2[[]string, error]) error
	Extension() string
	ContentType() string
}

// Options change what New makes.
type Options struct {
	// Workbook reads and writes XLSX. Default: there are none.
	Workbook Workbook
	// Filters select devices, as in the list of devices. Default: none.
	Filters []rest.Filter[controller.DeviceFilter]
	// OrganizationName returns the name of an organization. Default: its id.
	OrganizationName func(ctx context.Context, id wispwright.ID) (string, error)
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// HTTP is the room's part of an API.
type HTTP struct {
	tasks *bulk.Tasks
	c     *controller.Controller
	Options
}

// New returns the HTTP side of tasks.
func New(tasks *bulk.Tasks, c *controller.Controller, o *Options) (*HTTP, error) {
	if tasks == nil || c == nil {
		return nil, errors.New("bulkhttp: tasks and controller are required")
	}
	h := &HTTP{tasks: tasks, c: c}
	if o != nil {
		h.Options = *o
	}
	if h.Clock == nil {
		h.Clock = time.Now
	}
	if h.OrganizationName == nil {
		h.OrganizationName = func(_ context.Context, id wispwright.ID) (string, error) { return id.String(), nil }
	}
	return h, nil
}

const (
	base = "/api/v1/controller/device-task/"
	kind = "config.device"
	tag  = "controller"
	// largest is how large an imported file may be.
	largest = 64 << 20
)

type startIn struct {
	Action       rest.Opt[string]          `json:"action" required:"true" help:"add_templates, remove_templates, set_variables, set_group, move, activate, deactivate or delete"`
	Devices      rest.Opt[[]wispwright.ID] `json:"devices" help:"the devices; without them all that the parameters of the address select, which are those of the list of devices"`
	All          rest.Opt[bool]            `json:"all" help:"must be true to select by the parameters of the address"`
	DryRun       rest.Opt[bool]            `json:"dry_run" help:"try it and change nothing"`
	Templates    rest.Opt[[]wispwright.ID] `json:"templates"`
	Variables    rest.Opt[wispwright.JSON] `json:"variables" help:"a null takes a variable away"`
	Group        rest.Opt[wispwright.ID]   `json:"group" nullable:"true"`
	Organization rest.Opt[wispwright.ID]   `json:"organization" rel:"organization"`
	Force        rest.Opt[bool]            `json:"force" help:"delete devices that are not deactivated"`
}

type importIn struct {
	File       rest.Opt[rest.File] `json:"file" required:"true" help:"CSV, JSON or XLSX"`
	DryRun     rest.Opt[bool]      `json:"dry_run" help:"try every row and store none"`
	SkipFaulty rest.Opt[bool]      `json:"skip_faulty" help:"store the rows that can be, when others cannot"`
}

type undoIn struct {
	DryRun rest.Opt[bool] `json:"dry_run"`
}

type taskOut struct {
	ID           wispwright.ID  `json:"id"`
	Organization *wispwright.ID `json:"organization"`
	Action       string         `json:"action"`
	DryRun       bool           `json:"dry_run"`
	Phase        string         `json:"phase" help:"checking, applying, done, or refused: an import with faulty rows of which nothing was stored"`
	Of           *wispwright.ID `json:"of" help:"the task that is undone"`
	Actor        string         `json:"actor"`
	CanUndo      bool           `json:"can_undo" help:"whether it can be taken back"`
	Total        int            `json:"total"`
	Waiting      int            `json:"waiting"`
	Changed      int            `json:"changed"`
	Unchanged    int            `json:"unchanged"`
	Failed       int            `json:"failed"`
	Created      rest.Time      `json:"created"`
	Finished     *rest.Time     `json:"finished"`
}

type itemOut struct {
	Position int64          `json:"position"`
	Device   *wispwright.ID `json:"device"`
	Name     string         `json:"name"`
	State    string         `json:"state" help:"waiting, changed, unchanged or failed; in a dry run what would become of it"`
	Message  string         `json:"message"`
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	rest.Owned(api, base, func(r *rest.Request, id wispwright.ID) (wispwright.ID, error) {
		t, err := visible{h.tasks}.Get(r.Context(), r.ReadScope(), id)
		if err != nil {
			return wispwright.ID{}, err
		}
		return t.OrganizationID, nil
	})
	rest.Mount(api, rest.Resource[wispwright.ID, bulk.Task, bulk.TaskFilter, startIn, taskOut]{
		Path: base, Only: rest.List | rest.Create | rest.Read, Name: "Device Task", Noun: "Task", ID: "controller_device_task", Tag: tag, Kind: kind,
		Service: visible{h.tasks}, Out: h.tasksOut, Create: h.start,
	})
	api.Mount(&rest.View{Path: base + "{id}/items/", Name: "Device Task Items", Noun: "Task", Tag: tag, Kind: kind},
		rest.Action(http.MethodGet, "controller_device_task_items", http.StatusOK, func(r *rest.Request, _ *rest.None) (*rest.Page[itemOut], error) {
			t, err := visible{h.tasks}.Get(r.Context(), r.ReadScope(), r.ID("id"))
			if err != nil {
				return nil, err
			}
			return rest.Paged(r, 0, 1000, func(p wispwright.Page) ([]itemOut, int, error) {
				found, err := h.tasks.Items(r.Context(), t.ID, bulk.State(r.Query().Get("state")), p)
				out := make([]itemOut, len(found.Rows))
				for i, x := range found.Rows {
					out[i] = itemOut{x.Position, some(x.DeviceID), x.Name, string(x.State), x.Message}
				}
				return out, found.Total, err
			})
		}))
	api.Mount(&rest.View{Path: base + "{id}/undo/", Name: "Device Task Undo", Noun: "Task", Tag: tag, Kind: kind},
		rest.Action(http.MethodPost, "controller_device_task_undo", http.StatusCreated, func(r *rest.Request, in *undoIn) (taskOut, error) {
			of, err := visible{h.tasks}.Get(r.Context(), r.ReadScope(), r.ID("id"))
			if err != nil {
				return taskOut{}, err
			}
			if !r.Can("config.change_device") || of.Action == bulk.Delete && !r.Can("config.add_device") {
				return taskOut{}, wispwright.ErrForbidden
			}
			t, err := h.tasks.Undo(r.Context(), r.WriteScope(), of, in.DryRun.V)
			return h.taskOut(r, t, err)
		}))
	api.Mount(&rest.View{Path: "/api/v1/controller/device-import/", Name: "Device Import", Tag: tag, Kind: kind, BodyLimit: largest},
		rest.Action(http.MethodPost, "controller_device_import", http.StatusCreated, h.importFile))
	api.Mount(&rest.View{Path: "/api/v1/controller/device-export/", Name: "Device Export", Tag: tag, Kind: kind},
		rest.Op{Method: http.MethodGet, ID: "controller_device_export", Summary: "The devices as a file; the parameters are those of the list", Handle: h.export,
			Doc: rest.Doc{Query: map[string]string{"as": "csv (default), json or xlsx"}, Answers: map[int]rest.DocAnswer{
				http.StatusOK: {Description: "the file", ContentType: "text/csv"}, http.StatusBadRequest: {Description: "a faulty parameter", ContentType: "application/json"}}}})
}

// visible are the tasks of the caller's organizations. One of several
// organizations is seen by the person who started it, and by superusers: it names
// devices of others.
type visible struct{ tasks *bulk.Tasks }

func (v visible) Get(ctx context.Context, _ wispwright.Scope, id wispwright.ID) (*bulk.Task, error) {
	t, err := v.tasks.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	c := wispwright.CallerFrom(ctx)
	switch {
	case c == nil:
	case c.Superuser, t.ActorID == c.ID, !t.OrganizationID.IsZero() && c.WriteScope().Allows(t.OrganizationID):
		return t, nil
	}
	return nil, wispwright.ErrNotFound
}

func (v visible) List(ctx context.Context, scope wispwright.Scope, f bulk.TaskFilter, p wispwright.Page) (wispwright.Items[bulk.Task], error) {
	if !scope.All() {
		scope = wispwright.ScopeOf(scope.Organizations()...)
	}
	return v.tasks.List(ctx, scope, f, p)
}

// allowed checks the permission that an action wants.
func allowed(r *rest.Request, a bulk.Action) bool {
	if a == bulk.Delete {
		return r.Can("config.delete_device")
	}
	return r.Can("config.change_device")
}

func (h *HTTP) start(r *rest.Request, in *startIn) (*bulk.Task, error) {
	t := &bulk.Task{Action: bulk.Action(in.Action.V), DryRun: in.DryRun.V, Params: bulk.Params{
		Templates: in.Templates.V, Group: in.Group.Or(wispwright.ID{}), Organization: in.Organization.V, Force: in.Force.V,
	}}
	if !slices.Contains(bulk.Actions(), t.Action) {
		return nil, wispwright.Invalid("action", valid.NoChoice(t.Action))
	}
	if !allowed(r, t.Action) {
		return nil, wispwright.ErrForbidden
	}
	if v := in.Variables.V; v != "" && (!v.IsObject() || json.Unmarshal([]byte(v), &t.Params.Variables) != nil) {
		return nil, wispwright.Invalid("variables", "the supplied value is not a JSON object")
	}
	if err := h.known(r, t); err != nil {
		return nil, err
	}
	var f controller.DeviceFilter
	if len(in.Devices.V) == 0 {
		if !in.All.V {
			return nil, wispwright.Invalid("devices", valid.Blank)
		}
		if some, err := rest.Filtered(r, h.Filters, &f); err != nil || !some {
			return nil, errors.Join(err, nothing(some))
		}
	}
	return t, h.tasks.Start(r.Context(), r.WriteScope(), t, in.Devices.V, f)
}

func nothing(some bool) error {
	if some {
		return nil
	}
	return wispwright.Invalid("devices", "No devices match the specified criteria.")
}

// known refuses templates and groups that are not there for the caller.
func (h *HTTP) known(r *rest.Request, t *bulk.Task) error {
	if ids := t.Params.Templates; len(ids) > 0 {
		if len(ids) > 100 {
			return wispwright.Invalid("templates", "Choose at most 100.")
		}
		found, err := h.c.Templates.List(r.Context(), r.ReadScope(), controller.TemplateFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !slices.ContainsFunc(found.Rows, func(t *controller.Template) bool { return t.ID == id }) {
				return wispwright.Invalid("templates", valid.UnknownPK(id))
			}
		}
	}
	if id := t.Params.Group; !id.IsZero() {
		_, err := h.c.Groups.Get(r.Context(), r.ReadScope(), id)
		return valid.Reference(err, "group", id)
	}
	return nil
}

func (h *HTTP) importFile(r *rest.Request, in *importIn) (taskOut, error) {
	if !r.Can("config.add_device") || !r.Can("config.change_device") {
		return taskOut{}, wispwright.ErrForbidden
	}
	file, err := in.File.V.Open()
	if err != nil {
		return taskOut{}, err
	}
	defer file.Close() // it was read
	format := strings.TrimPrefix(strings.ToLower(path.Ext(in.File.V.Filename)), ".")
	var other bulk.Reader
	if format == "xlsx" && h.Workbook != nil {
		other = h.Workbook
	}
	if format != "csv" && format != "json" && other == nil {
		return taskOut{}, wispwright.Invalid("file", "The name of the file must end with .csv, .json or .xlsx.")
	}
	t := &bulk.Task{DryRun: in.DryRun.V, Params: bulk.Params{SkipFaulty: in.SkipFaulty.V}}
	err = h.tasks.Import(r.Context(), r.WriteScope(), t, file, format, other)
	return h.taskOut(r, t, err)
}

func (h *HTTP) export(r *rest.Request) (int, any, error) {
	var f controller.DeviceFilter
	matching, err := rest.Filtered(r, h.Filters, &f)
	if err != nil {
		return 0, nil, err
	}
	rows := h.tasks.Export(r.Context(), r.ReadScope(), f, h.names())
	if !matching {
		rows = func(yield func([]string, error) bool) { yield(bulk.Columns(), nil) }
	}
	var b bytes.Buffer
	extension, contentType := ".csv", "text/csv"
	switch as := r.Query().Get("as"); {
	case as == "" || as == "csv":
		err = writeCSV(&b, rows)
	case as == "json":
		extension, contentType = ".json", "application/json"
		err = writeJSON(&b, rows)
	case as == "xlsx" && h.Workbook != nil:
		extension, contentType = h.Workbook.Extension(), h.Workbook.ContentType()
		err = h.Workbook.Write(&b, rows)
	default:
		return 0, nil, wispwright.Invalid("as", valid.NoChoice(as))
	}
	if err != nil {
		return 0, nil, err
	}
	r.ResponseHeader().Set("Content-Disposition", `attachment; filename="Device-`+h.Clock().UTC().Format(time.DateOnly)+extension+`"`)
	return http.StatusOK, rest.Raw{ContentType: contentType, Body: b.Bytes()}, nil
}

// names looks organizations and groups up once each.
func (h *HTTP) names() func(ctx context.Context, organization, group wispwright.ID) (string, string, error) {
	known := map[wispwright.ID]string{{}: ""}
	return func(ctx context.Context, organization, group wispwright.ID) (string, string, error) {
		if _, ok := known[organization]; !ok {
			name, err := h.OrganizationName(ctx, organization)
			if err != nil {
				return "", "", err
			}
			known[organization] = name
		}
		if _, ok := known[group]; !ok {
			g, err := h.c.Groups.Get(ctx, wispwright.ScopeAll(), group)
			switch {
			case errors.Is(err, wispwright.ErrNotFound):
				known[group] = ""
			case err != nil:
				return "", "", err
			default:
				known[group] = g.Name
			}
		}
		return known[organization], known[group], nil
	}
}

// writeCSV keeps spreadsheets from taking texts for formulas.
func writeCSV(b *bytes.Buffer, rows iter.Seq2[[]string, error]) error {
	w := csv.NewWriter(b)
	for cells, err := range rows {
		if err != nil {
			return err
		}
		safe := slices.Clone(cells)
		for i, c := range safe {
			safe[i] = bulk.Guarded(c)
		}
		if err := w.Write(safe); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func writeJSON(b *bytes.Buffer, rows iter.Seq2[[]string, error]) error {
	list := []map[string]any{}
	columns := bulk.Columns()
	first := true
	for cells, err := range rows {
		if err != nil {
			return err
		}
		if first {
			first = false
			continue
		}
		o := map[string]any{}
		for i, c := range cells {
			o[columns[i]] = c
			if (columns[i] == "config_data" || columns[i] == "config_context") && c != "" {
				o[columns[i]] = json.RawMessage(c)
			}
		}
		list = append(list, o)
	}
	return json.NewEncoder(b).Encode(list)
}

func (h *HTTP) taskOut(r *rest.Request, t *bulk.Task, err error) (taskOut, error) {
	if err != nil {
		return taskOut{}, err
	}
	out, err := h.tasksOut(r, []*bulk.Task{t})
	if err != nil {
		return taskOut{}, err
	}
	return out[0], nil
}

func (h *HTTP) tasksOut(r *rest.Request, rows []*bulk.Task) ([]taskOut, error) {
	ids := make([]wispwright.ID, len(rows))
	for i, t := range rows {
		ids[i] = t.ID
	}
	counts, err := h.tasks.Counts(r.Context(), ids...)
	if err != nil {
		return nil, err
	}
	out := make([]taskOut, len(rows))
	for i, t := range rows {
		n := counts[t.ID]
		out[i] = taskOut{ID: t.ID, Organization: some(t.OrganizationID), Action: string(t.Action), DryRun: t.DryRun, Phase: string(t.Phase), Of: some(t.Of), Actor: t.Actor,
			Waiting: n[bulk.Waiting], Changed: n[bulk.Changed], Unchanged: n[bulk.Unchanged], Failed: n[bulk.Failed], Created: rest.Time(t.Created)}
		out[i].CanUndo = out[i].Changed > 0 && h.tasks.CanUndo(t) == nil
		out[i].Total = out[i].Waiting + out[i].Changed + out[i].Unchanged + out[i].Failed
		if t.Finished != nil {
			at := rest.Time(*t.Finished)
			out[i].Finished = &at
		}
	}
	return out, nil
}

func some(id wispwright.ID) *wispwright.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}
