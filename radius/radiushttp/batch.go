package radiushttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/enrol/vouchers"
	"github.com/wispwright/wispwright/tenancy"
)

type batchIn struct {
	Strategy       rest.Opt[string]        `json:"strategy" required:"true" enum:"prefix,csv" enumLabels:"Generate from prefix,Import from CSV"`
	Organization   rest.Opt[string]        `json:"organization_slug" required:"true" label:"organization" help:"Slug of the organization."`
	Name           rest.Opt[string]        `json:"name" required:"true" maxLength:"128" help:"A unique batch name"`
	CSVFile        rest.Opt[rest.File]     `json:"csvfile" nullable:"true" help:"Username, password, e-mail, first and last name, without a header"`
	Prefix         rest.Opt[string]        `json:"prefix" nullable:"true" help:"Usernames begin with it"`
	NumberOfUsers  rest.Opt[int64]         `json:"number_of_users" nullable:"true" minimum:"1" maximum:"100000"`
	Group          rest.Opt[wispwright.ID] `json:"group" nullable:"true" rel:"radiusgroup"`
	ExpirationDate rest.Opt[rest.Date]     `json:"expiration_date" nullable:"true" help:"If left blank users will never expire"`
	Notes          rest.Opt[string]        `json:"notes" blank:"true" maxLength:"10000"`
}

// batchOut is a batch on the wire (additions: R-4).
type batchOut struct {
	ID              wispwright.ID  `json:"id"`
	Strategy        enrol.Strategy `json:"strategy"`
	Organization    wispwright.ID  `json:"organization"`
	Status          enrol.State    `json:"status"`
	Name            string         `json:"name"`
	CSVFile         *string        `json:"csvfile"`
	Prefix          *string        `json:"prefix"`
	Group           *wispwright.ID `json:"group"`
	NumberOfUsers   int            `json:"number_of_users"`
	Users           []batchUserOut `json:"users" doc:"Those of a batch that was just made; up to 1000 at its own path, none in lists."`
	ExpirationDate  rest.Date      `json:"expiration_date"`
	Notes           string         `json:"notes"`
	UserCredentials [][2]string    `json:"user_credentials" doc:"Pairs of username and password, for those who may add batches; null in lists and for files."`
	PDFLink         *string        `json:"pdf_link"`
	Created         moment         `json:"created"`
	Modified        moment         `json:"modified"`
}

type batchUserOut struct {
	ID              wispwright.ID `json:"id"`
	Groups          []int64       `json:"groups"`
	LastLogin       moment        `json:"last_login"`
	IsSuperuser     bool          `json:"is_superuser"`
	Username        string        `json:"username"`
	FirstName       string        `json:"first_name"`
	LastName        string        `json:"last_name"`
	IsStaff         bool          `json:"is_staff"`
	IsActive        bool          `json:"is_active"`
	DateJoined      moment        `json:"date_joined"`
	Email           *string       `json:"email"`
	Bio             string        `json:"bio"`
	URL             string        `json:"url"`
	Company         string        `json:"company"`
	Location        string        `json:"location"`
	PhoneNumber     *string       `json:"phone_number"`
	BirthDate       rest.Date     `json:"birth_date"`
	Notes           string        `json:"notes"`
	Language        string        `json:"language"`
	PasswordUpdated rest.Date     `json:"password_updated"`
	UserPermissions []int64       `json:"user_permissions"`
}

const (
	batchPath  = "/api/v1/radius/organization/{slug:text}/batch/{batch_id}/"
	batchKind  = app + "radiusbatch"
	notManager = "User is not a manager of the organization to which the requested resource belongs."
	noPDF      = "Only available for users created with prefix strategy"
	// shownUsers is how many users a batch shows at its own path
	shownUsers = 1000
)

// mountBatches adds batches of users and what is printed of them (spec: radius §8.10).
func (h *HTTP) mountBatches(api *rest.API) {
	type filter = enrol.BatchFilter
	limit := h.maxFile + 1<<20
	rest.Mount(api, rest.Resource[wispwright.ID, enrol.Batch, filter, rest.None, batchOut]{
		Path: "/api/v1/radius/batch/", Name: "Batch", ListName: "Batch", Noun: "RadiusBatch", ID: "radius_batch", Tag: tag, Kind: batchKind, Only: rest.List | rest.Read | rest.Delete,
		Access: rest.Authenticated, Service: h.enrolment.Batches, Scopes: managed, Organization: func(b *enrol.Batch) wispwright.ID { return b.OrganizationID }, BodyLimit: limit, Throttle: h.others,
		Prepare: func(r *rest.Request) error {
			if !r.Caller.Superuser && !r.Caller.Staff {
				return wispwright.ErrForbidden
			}
			return nil
		},
		Out: func(r *rest.Request, rows []*enrol.Batch) ([]batchOut, error) {
			out := make([]batchOut, len(rows))
			for i, b := range rows {
				var err error
				if out[i], err = h.newBatchOut(r, b, 0); err != nil {
					return nil, err
				}
			}
			return out, nil
		},
		Detail: rest.Item[wispwright.ID, enrol.Batch, filter, rest.None, batchOut]{Out: func(r *rest.Request, rows []*enrol.Batch) ([]batchOut, error) {
			out := make([]batchOut, len(rows))
			for i, b := range rows {
				var err error
				if out[i], err = h.newBatchOut(r, b, shownUsers); err != nil {
					return nil, err
				}
			}
			return out, nil
		}},
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
			rest.FilterChoice("strategy", []string{"prefix", "csv"}, func(f *filter, v string) { f.Strategy = enrol.Strategy(v) }),
			rest.FilterChoice("status", []string{"pending", "processing", "completed", "failed"}, func(f *filter, v string) { f.Status = enrol.State(v) })),
		Ordering: map[string]string{"name": "Name", "created": "Created", "modified": "Modified", "expiration_date": "ExpirationDate"},
		ListOps: []rest.Op{rest.Documented[batchIn, batchOut](http.StatusCreated, rest.Op{
			Method: "POST", ID: "radius_batch_create", Summary: "Make a batch of users", Also: []int{http.StatusAccepted}, Handle: h.makeBatch,
		})},
	})
	api.Mount(&rest.View{Path: batchPath + "pdf/", Name: "Download Rad Batch Pdf", Tag: tag, Access: rest.Authenticated, Noun: "RadiusBatch", Throttle: h.others},
		rest.Op{Method: "GET", ID: "radius_organization_batch_pdf_read", Summary: "Usernames and passwords on paper", Handle: h.pdf, Doc: rest.DocRaw("application/pdf", "the vouchers")})
	api.Mount(&rest.View{Path: batchPath + "csv/", Name: "Download Rad Batch CSV", Tag: tag, Access: rest.Authenticated, Noun: "RadiusBatch"},
		rest.Op{Method: "GET", ID: "radius_organization_batch_csv_read", Summary: "The file that a batch was made of", Handle: h.file, Doc: rest.DocRaw("text/csv", "the file")})
	api.Handle("GET /api/v1/radius/organization/{slug}/batch/{organization}/csv/{file}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.privateFile(api, w, r) }))
}

func (h *HTTP) makeBatch(r *rest.Request) (int, any, error) {
	in, err := rest.Decode[batchIn](r, false)
	if err != nil {
		return 0, nil, err
	}
	o, err := h.organizations.BySlug(r.Context(), in.Organization.V)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && !r.Caller.Superuser && !wispwright.ScopeOf(r.Caller.Member...).Allows(o.ID) {
		return 0, nil, wispwright.Invalid("organization_slug", "Object with slug="+in.Organization.V+" does not exist.")
	}
	if err != nil {
		return 0, nil, err
	}
	order := enrol.Order{Batch: enrol.Batch{OrganizationID: o.ID, Strategy: enrol.Strategy(in.Strategy.V), Name: in.Name.V, Prefix: in.Prefix.V, Number: in.NumberOfUsers.V,
		GroupID: in.Group.V, ExpirationDate: time.Time(in.ExpirationDate.V), Notes: in.Notes.V}}
	if in.CSVFile.Set && in.CSVFile.V != nil {
		order.FileName = in.CSVFile.V.Filename
		if order.File, err = h.read(in.CSVFile.V); err != nil {
			return 0, nil, err
		}
	}
	b, err := h.enrolment.Batches.Make(r.Context(), order)
	if err != nil {
		return 0, nil, err
	}
	out, err := h.newBatchOut(r, b, int(b.Number))
	if err != nil {
		return 0, nil, err
	}
	if b.Status != enrol.Completed {
		return http.StatusAccepted, out, nil
	}
	return http.StatusCreated, out, nil
}

func (h *HTTP) read(file rest.File) ([]byte, error) {
	if file.Size > h.maxFile {
		return nil, wispwright.Invalid("csvfile", fmt.Sprintf("The file is larger than %d bytes.", h.maxFile))
	}
	f, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, h.maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	if len(data) == 0 {
		return nil, wispwright.Invalid("csvfile", "The submitted file is empty.")
	}
	return data, nil
}

// newBatchOut describes a batch with so many of its users.
func (h *HTTP) newBatchOut(r *rest.Request, b *enrol.Batch, users int) (batchOut, error) {
	o, err := h.organizations.Get(r.Context(), b.OrganizationID)
	if err != nil {
		return batchOut{}, err
	}
	out := batchOut{ID: b.ID, Strategy: b.Strategy, Organization: b.OrganizationID, Status: b.Status, Name: b.Name, Prefix: rest.Null(b.Prefix), Group: rest.Null(b.GroupID),
		Users: []batchUserOut{}, ExpirationDate: rest.Date(b.ExpirationDate), Notes: b.Notes, Created: h.moment(b.Created), Modified: h.moment(b.Modified)}
	base := "/api/v1/radius/organization/" + o.Slug + "/batch/"
	if b.FileName != "" {
		address := r.URL(base + b.OrganizationID.String() + "/csv/" + b.FileName)
		out.CSVFile = &address
	}
	if b.Strategy == enrol.ByPrefix && b.Status == enrol.Completed {
		address := r.URL(base + b.ID.String() + "/pdf/")
		out.PDFLink = &address
	}
	ids, total, err := h.enrolment.Batches.Users(r.Context(), b.ID, max(users, 1))
	out.NumberOfUsers = total
	if err != nil || users == 0 {
		return out, err
	}
	if r.Can(app + "add_radiusbatch") {
		if out.UserCredentials, err = h.enrolment.Batches.Credentials(r.Context(), b); err != nil {
			return out, err
		}
	}
	out.Users, err = h.batchUsers(r.Context(), ids)
	return out, err
}

func (h *HTTP) batchUsers(ctx context.Context, ids []wispwright.ID) ([]batchUserOut, error) {
	out := []batchUserOut{}
	if len(ids) == 0 {
		return out, nil
	}
	found, err := h.t.Users.List(ctx, everyone(), tenancy.UserFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	grants, err := h.t.Users.Grants(ctx, ids...)
	if err != nil {
		return nil, err
	}
	by := map[wispwright.ID]*tenancy.User{}
	for _, u := range found.Rows {
		by[u.ID] = u
	}
	for _, id := range ids {
		u := by[id]
		if u == nil {
			continue
		}
		groups := grants[id].Groups
		if groups == nil {
			groups = []int64{}
		}
		out = append(out, batchUserOut{u.ID, groups, h.moment(u.LastLogin), u.IsSuperuser, u.Username, u.FirstName, u.LastName, u.IsStaff, u.IsActive, h.moment(u.DateJoined), rest.Null(u.Email),
			u.Bio, u.URL, u.Company, u.Location, rest.Null(u.PhoneNumber), rest.Date(u.BirthDate), u.Notes, u.Language, rest.Date(u.PasswordUpdated), []int64{}})
	}
	return out, nil
}

// ofManager is the batch of the path for a superuser, or for a manager of its
// organization who is of the staff.
func (h *HTTP) ofManager(r *rest.Request) (*enrol.Batch, error) {
	b, err := h.enrolment.Batches.Get(r.Context(), everyone(), r.ID("batch_id"))
	if err != nil {
		return nil, err
	}
	if !h.manages(r.Caller, b) {
		return nil, wispwright.Forbidden(notManager)
	}
	return b, nil
}

func (h *HTTP) manages(c *wispwright.Caller, b *enrol.Batch) bool {
	return c != nil && (c.Superuser || c.Staff && wispwright.ScopeOf(c.Managed...).Allows(b.OrganizationID))
}

func (h *HTTP) pdf(r *rest.Request) (int, any, error) {
	b, err := h.ofManager(r)
	if err != nil {
		return 0, nil, err
	}
	pairs, err := h.enrolment.Batches.Credentials(r.Context(), b)
	if err != nil {
		return 0, nil, err
	}
	if pairs == nil {
		return 0, nil, rest.Fail(http.StatusNotFound, noPDF)
	}
	in, err := h.r.Settings.Effective(r.Context(), b.OrganizationID)
	if err != nil {
		return 0, nil, err
	}
	sheet := &vouchers.Sheet{Title: b.Name, Organization: in.Organization.Name, LoginURL: in.LoginURL, Pairs: pairs}
	if !b.ExpirationDate.IsZero() {
		sheet.Until = b.ExpirationDate.Format(time.DateOnly)
	}
	var out bytes.Buffer
	if err := vouchers.Write(&out, sheet); err != nil {
		return 0, nil, err
	}
	attachment(r.ResponseHeader(), b.Name+".pdf")
	return http.StatusOK, rest.Raw{ContentType: "application/pdf", Body: out.Bytes()}, nil
}

// attachment names a file that is kept by nobody on the way.
func attachment(header http.Header, name string) {
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if quoted := fmt.Sprintf("attachment; filename=%q", name); isPlain(name) {
		header.Set("Content-Disposition", quoted)
	}
	header.Set("Cache-Control", "private, no-store")
}

func isPlain(name string) bool {
	for _, r := range name {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return false
		}
	}
	return true
}

func (h *HTTP) file(r *rest.Request) (int, any, error) {
	b, err := h.ofManager(r)
	if err != nil {
		return 0, nil, err
	}
	data, err := h.enrolment.Batches.File(r.Context(), b)
	if err != nil {
		return 0, nil, err
	}
	attachment(r.ResponseHeader(), b.FileName)
	return http.StatusOK, rest.Raw{ContentType: "text/csv; charset=utf-8", Body: data}, nil
}

// privateFile serves a file at its older address, to browsers with a session alone.
func (h *HTTP) privateFile(api *rest.API, w http.ResponseWriter, r *http.Request) {
	refuse := func() {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<!doctype html>\n<title>403 Forbidden</title>\n<h1>403 Forbidden</h1>\n") // nobody is left to be told
	}
	caller, err := api.Caller(r)
	organization, idErr := wispwright.ParseID(r.PathValue("organization"))
	if err != nil || idErr != nil || caller == nil || caller.Method != "session" || caller.Restricted != "" {
		refuse()
		return
	}
	found, err := h.enrolment.Batches.List(r.Context(), wispwright.ScopeOf(organization), enrol.BatchFilter{FileName: r.PathValue("file")}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if len(found.Rows) == 0 || !h.manages(caller, found.Rows[0]) {
		refuse()
		return
	}
	data, err := h.enrolment.Batches.File(r.Context(), found.Rows[0])
	if err != nil {
		refuse()
		return
	}
	attachment(w.Header(), found.Rows[0].FileName)
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	_, _ = w.Write(data) // nobody is left to be told
}

// BatchSocket is where pages hear of the end of a batch.
const BatchSocket = "/ws/radius/batch/"

// BatchTopic tells pages when a batch has ended (additions: R-3).
func (h *HTTP) BatchTopic() live.Topic {
	return live.Topic{Name: batchTopic, Open: func(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
		id, err := wispwright.ParseID(strings.Trim(strings.TrimPrefix(r.URL.Path, BatchSocket), "/"))
		if err != nil || c == nil {
			return nil, wispwright.ErrNotFound
		}
		b, err := h.enrolment.Batches.Get(ctx, everyone(), id)
		if err != nil {
			return nil, err
		}
		if !h.manages(c, b) {
			return nil, wispwright.ErrForbidden
		}
		return &live.Session{Groups: []string{id.String()}}, nil
	}, Load: func(_ context.Context, e live.Event) (any, error) { return []byte(e.Payload), nil }}
}

const batchTopic = "radius batch"

// TellBatch tells the pages that wait for a batch.
func (h *HTTP) TellBatch(ctx context.Context, hub *live.Hub, b *enrol.Batch) error {
	frame, err := json.Marshal(map[string]enrol.State{"status": b.Status})
	if err != nil {
		return fmt.Errorf("tell of a batch: %w", err)
	}
	hub.Publish(ctx, live.Event{Topic: batchTopic, Group: b.ID.String(), Payload: string(frame)})
	return nil
}
