package rest

import (
	"cmp"
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Reader is what every resource needs from a concern's service.
type Reader[K comparable, T, F any] interface {
	// Get returns an object within the scope.
	Get(ctx context.Context, scope wispwright.Scope, id K) (*T, error)
	// List returns a page of the objects within the scope.
	List(ctx context.Context, scope wispwright.Scope, filter F, page wispwright.Page) (wispwright.Items[T], error)
}

// Service is a Reader that also writes. A service with other signatures is
// used as a Reader, with Resource.Create, Update and Delete in between.
type Service[K comparable, T, F any] interface {
	Reader[K, T, F]
	// Create stores a new object.
	Create(ctx context.Context, object *T) error
	// Update changes an object within the scope; change may run more than once.
	Update(ctx context.Context, scope wispwright.Scope, id K, change func(*T) error) (*T, error)
	// Delete removes an object within the scope. With Resource.Version it asks
	// entity.Expected while the row is held, as an entity.Service does.
	Delete(ctx context.Context, scope wispwright.Scope, id K) error
}

type creator[T any] interface {
	Create(ctx context.Context, object *T) error
}

type updater[K comparable, T any] interface {
	Update(ctx context.Context, scope wispwright.Scope, id K, change func(*T) error) (*T, error)
}

type deleter[K comparable] interface {
	Delete(ctx context.Context, scope wispwright.Scope, id K) error
}

// Resource describes an entity: where it is, which callers may do what, and how it is
// mapped to and from the wire. K is the key (wispwright.ID, int64 or string),
// T the domain type, F its filter, In and Out the wire structs. Every field of
// In is an Opt; Out is plain.
type Resource[K comparable, T, F, In, Out any] struct {
	// Path of the list, ending with a slash. The objects are at Path{id}/.
	Path string
	// Only limits to some operations. Default: all.
	Only Verbs
	// Name begins the names of its views: "Device" gives "Device List Create"
	// and "Device Detail".
	Name string
	// ListName and ItemName are used in the place of the names that follow from
	// Name.
	ListName, ItemName string
	// Description is shown by OPTIONS.
	Description string
	// Choices are what OPTIONS says fields are chosen from, by the dotted path
	// of the field, where that is known only when the program runs. Checking
	// what was chosen is left to Check. Default: those of enum tags.
	Choices map[string][]Choice
	// ID begins its operation ids: "device" gives "device_list".
	ID string
	// Tag groups it in the document.
	Tag string
	// Kind is the model of its permissions ("config.device").
	Kind string
	// Noun appears in "No <Noun> matches the given query.".
	Noun string
	// Access says which callers may come in. Default: Managers.
	Access Access
	// Browser recognises callers as the documentation does (View.Browser).
	Browser bool
	// Throttle limits how often. Default: no limit.
	Throttle *Throttle
	// StrictIDs answers malformed ids with the router's HTML 404.
	StrictIDs bool
	// BodyLimit is the largest body in bytes. Default: the API's.
	BodyLimit int64

	// Service does the work. It is a Service, or a Reader where the resource
	// only reads or has its own Create, Update and Delete below.
	Service Reader[K, T, F]
	// Out maps objects to the wire, a page at a time so that relations can be
	// read at once. Each makes one of a function for one object.
	Out func(*Request, []*T) ([]Out, error)
	// Apply maps the wire to an object: for create (of New), put and patch.
	// It may run more than once.
	Apply func(*Request, *In, *T) error
	// New returns the object Apply starts from. Default: a zero T.
	New func(*Request) (*T, error)
	// Create replaces New, Apply and Service.Create.
	Create func(*Request, *In) (*T, error)
	// Update replaces Apply and Service.Update. The object is visible to the
	// caller and may be changed.
	Update func(*Request, K, *In) (*T, error)
	// Delete replaces Service.Delete, for which see Service.
	Delete func(*Request, K) error
	// Check adds faults of fields to those of the tags before anything is
	// done: return a *wispwright.ValidationError.
	Check func(*Request, *In) error

	// Organization returns an object's tenant. With it, objects of an
	// organization the caller does not manage cannot be made or changed, and
	// shared ones only by superusers (spec: tenancy §2, §6).
	Organization func(*T) wispwright.ID
	// Frozen reports whether an object cannot be changed by anybody, which wins
	// over faults of the body. It can still be deleted.
	Frozen func(*T) bool
	// Version returns what callers may change of an object, in any form that JSON
	// has; it becomes the ETag that If-Match is held against. Default: objects
	// have no ETag.
	Version func(*T) []any
	// Related returns what callers may change together with an object and what
	// other rows keep, such as the groups of an account; it is part of the version.
	// ctx is that of the transaction which holds the object, where there is one.
	// Default: nothing.
	Related func(ctx context.Context, r *Request, o *T) ([]any, error)
	// Scopes replaces what callers may see and change. Default:
	// Request.ReadScope and Request.WriteScope.
	Scopes func(*Request) (read, write wispwright.Scope)
	// Prepare runs before each handler: it looks up parents.
	Prepare func(*Request) error
	// Within limits lists to the parent of the path.
	Within func(*Request, *F) error
	// Belongs reports whether an object is the parent's.
	Belongs func(*Request, *T) bool

	// Filters are the query parameters of the list.
	Filters []Filter[F]
	// Ordering are the sort keys ?ordering= takes: wire name to Go field.
	Ordering map[string]string
	// PageSize is the default length of a page. Default: Options.PageSize.
	PageSize int
	// MaxPageSize is the largest length a caller may ask for. Default:
	// Options.MaxPageSize.
	MaxPageSize int
	// Unpaged answers the list as a plain array.
	Unpaged bool
	// Wrap puts the array of an Unpaged list into something else; it is also called
	// with nil, to see of which type that is.
	Wrap func([]Out) any

	// Detail is an Item: how the objects look at their own path, where that is
	// not as in the list. Read, Update and Delete are then its. Default: list and
	// object look alike.
	Detail ItemOf[K, T, F]

	// Unique says where the message of a broken rule goes (View.Unique).
	Unique map[string]error
	// NonField is the key of faults of the object as a whole (View.NonField).
	NonField string
	// Location returns the Location header of a 201. Default: none.
	Location func(*Out) string
	// ListOps are further operations on the list's path.
	ListOps []Op
	// ItemOps are further operations on the object's path.
	ItemOps []Op
}

// Each makes an Out of a function that maps one object.
func Each[T, Out any](one func(*T) Out) func(*Request, []*T) ([]Out, error) {
	return func(_ *Request, rows []*T) ([]Out, error) {
		out := make([]Out, len(rows))
		for i, row := range rows {
			out[i] = one(row)
		}
		return out, nil
	}
}

// Mount adds a resource's views to the API.
func Mount[K comparable, T, F, In, Out any](a *API, res Resource[K, T, F, In, Out]) {
	r := &res
	if r.Only == 0 {
		r.Only = onList | onItem
	}
	r.split(a)
	if r.PageSize == 0 {
		r.PageSize = a.options.PageSize
	}
	if r.MaxPageSize == 0 {
		r.MaxPageSize = max(a.options.MaxPageSize, r.PageSize)
	}
	if r.Scopes == nil {
		r.Scopes = func(q *Request) (wispwright.Scope, wispwright.Scope) { return q.ReadScope(), q.WriteScope() }
	}
	r.complete()
	for i := range r.Filters {
		if r.Filters[i].Apply == nil {
			panic("rest: a filter of " + r.Path + " has no Apply")
		}
	}
	if r.has(onList) || len(r.ListOps) > 0 {
		a.Mount(r.view(r.Path, r.listName()), append(r.collection(a), r.ListOps...)...)
	}
	if r.has(onItem) || len(r.ItemOps) > 0 {
		v := r.view(r.Path+r.key(), cmp.Or(r.ItemName, r.Name+" Detail"))
		v.own = r.has(onItem) && r.Organization != nil
		a.Mount(v, append(r.item(a), r.ItemOps...)...)
		r.owned(a)
	}
}

// complete panics when nothing does what the resource promises.
func (res *Resource[K, T, F, In, Out]) complete() {
	if res.Only&^(onList|onItem) != 0 {
		panic("rest: " + res.Path + ": Only has operations that do not exist")
	}
	for name, field := range res.Ordering {
		if !sortable(reflect.TypeFor[T](), field) {
			panic("rest: " + res.Path + ": the order " + name + " is by " + field + ", which " + reflect.TypeFor[T]().String() + " has not")
		}
	}
	_, creates := res.Service.(creator[T])
	_, updates := res.Service.(updater[K, T])
	_, deletes := res.Service.(deleter[K])
	for verb, ok := range map[Verbs]bool{
		Create: res.Create != nil || creates && res.Apply != nil,
		Update: res.Update != nil || updates && res.Apply != nil,
		Delete: res.Delete != nil || deletes,
	} {
		if res.has(verb) && !ok {
			panic("rest: " + res.Path + ": neither the service nor the resource can " + verb.String())
		}
	}
	if res.Wrap != nil && !res.Unpaged {
		panic("rest: " + res.Path + ": Wrap is for a list that is Unpaged")
	}
	if res.Out == nil {
		panic("rest: " + res.Path + ": Out is required")
	}
}

// sortable reports whether a type has a field, by itself or in a struct it
// consists of.
func sortable(t reflect.Type, field string) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	if f, ok := t.FieldByName(field); ok {
		return f.IsExported()
	}
	for i := range t.NumField() {
		part := indirect(t.Field(i).Type)
		if part.Kind() != reflect.Struct || !t.Field(i).IsExported() {
			continue
		}
		if f, ok := part.FieldByName(field); ok && f.IsExported() {
			return true
		}
	}
	return false
}

func (res *Resource[K, T, F, In, Out]) listName() string {
	switch {
	case res.ListName != "":
		return res.ListName
	case !res.has(Create):
		return res.Name + " List"
	case !res.has(List):
		return res.Name + " Create"
	}
	return res.Name + " List Create"
}

func (res *Resource[K, T, F, In, Out]) has(verbs Verbs) bool {
	return res.Only&verbs != 0
}

// key is the path of one object.
func (res *Resource[K, T, F, In, Out]) key() string {
	switch any(*new(K)).(type) {
	case wispwright.ID:
		return "{id}/"
	case int64:
		return "{id:int}/"
	}
	return "{id:text}/"
}

func (res *Resource[K, T, F, In, Out]) view(path, name string) *View {
	return &View{
		Path: path, Name: name, Description: res.Description, Choices: res.Choices, Tag: res.Tag, Kind: res.Kind, Noun: res.Noun, Access: res.Access,
		Browser: res.Browser, Throttle: res.Throttle, StrictIDs: res.StrictIDs, BodyLimit: res.BodyLimit, Prepare: res.Prepare, Unique: res.Unique, NonField: res.NonField,
	}
}

func (res *Resource[K, T, F, In, Out]) collection(a *API) []Op {
	var ops []Op
	in, out := reflect.TypeFor[In](), reflect.TypeFor[Out]()
	if res.has(List) {
		s := &shape{out: out, status: http.StatusOK, list: true, unpaged: res.Unpaged, params: res.parameters()}
		if res.Wrap != nil {
			s.out, s.list, s.unpaged = reflect.TypeOf(res.Wrap(nil)), false, false
		}
		ops = append(ops, Op{Method: http.MethodGet, ID: res.ID + "_list", Summary: "List " + res.Name, Handle: res.list, shape: s})
	}
	if res.has(Create) {
		ops = append(ops, Op{Method: http.MethodPost, ID: res.ID + "_create", Summary: "Create " + res.Name, Handle: res.create,
			shape: &shape{in: in, out: out, status: http.StatusCreated}})
	}
	return ops
}

func (res *Resource[K, T, F, In, Out]) item(a *API) []Op {
	var ops []Op
	in, out := reflect.TypeFor[In](), reflect.TypeFor[Out]()
	var current reflect.Type
	if res.Version != nil {
		current = out
	}
	if res.has(Read) {
		ops = append(ops, Op{Method: http.MethodGet, ID: res.ID + "_read", Summary: "Read " + res.Name, Handle: res.get,
			shape: &shape{out: out, status: http.StatusOK}})
	}
	if res.has(Update) {
		ops = append(ops, Op{Method: http.MethodPut, ID: res.ID + "_update", Summary: "Replace " + res.Name, Handle: res.update,
			shape: &shape{in: in, out: out, status: http.StatusOK, current: current}})
		ops = append(ops, Op{Method: http.MethodPatch, ID: res.ID + "_partial_update", Summary: "Change " + res.Name, Handle: res.update,
			shape: &shape{in: in, out: out, status: http.StatusOK, partial: true, current: current}})
	}
	if res.has(Delete) {
		ops = append(ops, Op{Method: http.MethodDelete, ID: res.ID + "_delete", Summary: "Delete " + res.Name, Handle: res.remove,
			shape: &shape{status: http.StatusNoContent, current: current}})
	}
	return ops
}

func (res *Resource[K, T, F, In, Out]) parameters() []*huma.Param {
	var out []*huma.Param
	for _, f := range res.Filters {
		out = append(out, &huma.Param{Name: f.Name, In: "query", Schema: &huma.Schema{Type: "string"}, Description: f.Help})
	}
	if len(res.Ordering) > 0 {
		out = append(out, &huma.Param{Name: "ordering", In: "query", Schema: &huma.Schema{Type: "string"}, Description: "Sort keys separated by commas; a minus turns one round."})
	}
	return out
}

func (res *Resource[K, T, F, In, Out]) list(r *Request) (int, any, error) {
	var filter F
	if res.Within != nil {
		if err := res.Within(r, &filter); err != nil {
			return 0, nil, err
		}
	}
	some, err := applyFilters(r, res.Filters, &filter)
	if err != nil {
		return 0, nil, err
	}
	read, _ := res.Scopes(r)
	order := r.ordering(res.Ordering)
	fetch := func(p wispwright.Page) (any, int, error) {
		if !some {
			return []Out{}, 0, nil
		}
		p.Order, p.NoTotal = order, res.Unpaged
		items, err := res.Service.List(r.Context(), read, filter, p)
		if err != nil {
			return nil, 0, err
		}
		out, err := res.Out(r, items.Rows)
		if out == nil {
			out = []Out{}
		}
		return out, items.Total, err
	}
	if res.Unpaged {
		body, _, err := fetch(wispwright.Page{})
		if err == nil && res.Wrap != nil {
			return http.StatusOK, res.Wrap(body.([]Out)), nil
		}
		return http.StatusOK, body, err
	}
	body, err := r.Paginate(res.PageSize, res.MaxPageSize, fetch)
	return http.StatusOK, body, err
}

// id is the key of the path.
func (res *Resource[K, T, F, In, Out]) id(r *Request) K {
	k, _ := r.param("id").(K) // the path is made of K
	return k
}

// visible returns the object of the path, if the caller may see it.
func (res *Resource[K, T, F, In, Out]) visible(r *Request) (*T, wispwright.Scope, error) {
	read, write := res.Scopes(r)
	o, err := res.Service.Get(r.Context(), read, res.id(r))
	if err == nil && res.Belongs != nil && !res.Belongs(r, o) {
		err = wispwright.ErrNotFound
	}
	return o, write, err
}

// writable is visible for somebody who wants to change the object: shared
// ones, and those seen only as a member, are refused.
func (res *Resource[K, T, F, In, Out]) writable(r *Request) (*T, wispwright.Scope, error) {
	o, write, err := res.visible(r)
	if err == nil && res.Organization != nil && !write.Allows(res.Organization(o)) {
		err = wispwright.Forbidden(noPermission)
	}
	return o, write, err
}

func (res *Resource[K, T, F, In, Out]) get(r *Request) (int, any, error) {
	o, _, err := res.visible(r)
	if err != nil {
		return 0, nil, err
	}
	return res.answer(r, http.StatusOK, o)
}

func (res *Resource[K, T, F, In, Out]) answer(r *Request, status int, o *T) (int, any, error) {
	out, err := res.Out(r, []*T{o})
	if err != nil {
		return 0, nil, err
	}
	tag, err := res.etag(r.Context(), r, o)
	if err != nil {
		return 0, nil, err
	}
	if tag != "" {
		r.header["Etag"] = []string{tag}
	}
	if status == http.StatusCreated && res.Location != nil {
		r.header["Location"] = []string{res.Location(&out[0])}
	}
	return status, out[0], nil
}

// input reads the body and checks it.
func (res *Resource[K, T, F, In, Out]) input(r *Request, partial bool) (*In, error) {
	in, err := decodeChecked(r, partial, res.Check)
	if err != nil {
		return nil, err
	}
	return in, nil
}

func (res *Resource[K, T, F, In, Out]) create(r *Request) (int, any, error) {
	in, err := res.input(r, false)
	if err != nil {
		return 0, nil, err
	}
	if res.Create != nil {
		o, err := res.Create(r, in)
		if err != nil {
			return 0, nil, err
		}
		return res.answer(r, http.StatusCreated, o)
	}
	o := new(T)
	if res.New != nil {
		if o, err = res.New(r); err != nil {
			return 0, nil, err
		}
	}
	if err := res.Apply(r, in, o); err != nil {
		return 0, nil, err
	}
	if err := res.ownOrganization(r, in, o); err != nil {
		return 0, nil, err
	}
	if err := res.Service.(creator[T]).Create(r.Context(), o); err != nil {
		return 0, nil, err
	}
	return res.answer(r, http.StatusCreated, o)
}

// ownOrganization refuses an object outside what the caller may change. The
// relation itself was checked with its field; what is left is a shared object
// of somebody who is no superuser (spec: tenancy §6).
func (res *Resource[K, T, F, In, Out]) ownOrganization(r *Request, in *In, o *T) error {
	if res.Organization == nil {
		return nil
	}
	_, write := res.Scopes(r)
	return OwnOrganization(write, res.Organization(o), r.api.plans.of(reflect.TypeFor[In]()).sent(in, "organization"))
}

// OwnOrganization returns the fault of the field "organization" when an object
// of that organization may not be written: null or, when the field was not
// sent, missing.
func OwnOrganization(write wispwright.Scope, organization wispwright.ID, sent bool) error {
	switch {
	case write.Allows(organization):
		return nil
	case !organization.IsZero():
		return wispwright.Invalid("organization", valid.UnknownPK(organization))
	case sent:
		return wispwright.Invalid("organization", "This field may not be null.")
	}
	return wispwright.Invalid("organization", "This field is required.")
}

// sent reports whether a field of an input struct was in the body.
func (p *plan) sent(in any, name string) bool {
	for _, f := range p.fields {
		if f.name == name {
			set, _, _ := reflect.ValueOf(in).Elem().FieldByIndex(f.index).Addr().Interface().(optional).wire()
			return *set
		}
	}
	return false
}

func (res *Resource[K, T, F, In, Out]) update(r *Request) (int, any, error) {
	// the object's absence wins over faults of the body (rest-conventions §2)
	before, write, err := res.writable(r)
	if err == nil && res.Frozen != nil && res.Frozen(before) {
		err = wispwright.Forbidden(noPermission)
	}
	if err == nil && res.Organization != nil {
		err = r.api.open(r, res.Organization(before))
	}
	if err != nil {
		return 0, nil, err
	}
	if err := res.expected(r.Context(), r, before); err != nil {
		return 0, nil, res.refusal(r, err)
	}
	in, err := res.input(r, r.HTTP.Method == http.MethodPatch)
	if err != nil {
		return 0, nil, err
	}
	var o *T
	if res.Update != nil {
		r.expect = func(ctx context.Context, o any) error { return res.expected(ctx, r, o.(*T)) }
		o, err = res.Update(r, res.id(r), in)
	} else {
		o, err = res.Service.(updater[K, T]).Update(r.Context(), write, res.id(r), func(o *T) error {
			if err := res.expected(r.Context(), r, o); err != nil {
				return err // somebody saved after it was looked at above
			}
			if err := res.Apply(r, in, o); err != nil {
				return err
			}
			return res.ownOrganization(r, in, o)
		})
	}
	if err != nil {
		return 0, nil, res.refusal(r, err)
	}
	return res.answer(r, http.StatusOK, o)
}

func (res *Resource[K, T, F, In, Out]) remove(r *Request) (int, any, error) {
	o, write, err := res.writable(r)
	if err != nil {
		return 0, nil, err
	}
	if err := res.expected(r.Context(), r, o); err != nil {
		return 0, nil, res.refusal(r, err)
	}
	id := res.id(r)
	if res.Version != nil && r.HTTP.Header.Get("If-Match") != "" {
		// somebody may save between the look above and the deletion
		r.HTTP = r.HTTP.WithContext(entity.WithExpectation(r.Context(), id, func(ctx context.Context, o *T) error { return res.expected(ctx, r, o) }))
	}
	if res.Delete != nil {
		err = res.Delete(r, id)
	} else {
		err = res.Service.(deleter[K]).Delete(r.Context(), write, id)
	}
	return http.StatusNoContent, nil, res.refusal(r, err)
}
