package rest

// Item is how the objects of a Resource look and behave at their own path,
// where that differs from the list: other wire structs, other rules. It is the
// Detail of a Resource, from which it has everything else: path, names,
// permissions, service, tenancy. Parameters are those of Resource.
type Item[K comparable, T, F, In, Out any] struct {
	// Description is shown by OPTIONS. Default: none.
	Description string
	// Out maps objects to the wire (Resource.Out). It is required.
	Out func(*Request, []*T) ([]Out, error)
	// Apply maps the wire to an object (Resource.Apply).
	Apply func(*Request, *In, *T) error
	// Update replaces Apply and Service.Update (Resource.Update).
	Update func(*Request, K, *In) (*T, error)
	// Delete replaces Service.Delete (Resource.Delete).
	Delete func(*Request, K) error
	// Check adds faults of fields (Resource.Check).
	Check func(*Request, *In) error
	// Frozen reports whether an object cannot be changed (Resource.Frozen).
	Frozen func(*T) bool
}

// ItemOf is an Item of the objects of a Resource, whatever its wire structs.
type ItemOf[K comparable, T, F any] interface {
	mountItem(a *API, shared Resource[K, T, F, None, None])
}

// mountItem mounts the object's path with what the list's resource shares.
func (it Item[K, T, F, In, Out]) mountItem(a *API, s Resource[K, T, F, None, None]) {
	Mount(a, Resource[K, T, F, In, Out]{
		Path: s.Path, Only: s.Only, Name: s.Name, Choices: s.Choices, ID: s.ID, Tag: s.Tag, Kind: s.Kind, Noun: s.Noun, Access: s.Access,
		ItemName: s.ItemName, Browser: s.Browser, Throttle: s.Throttle, StrictIDs: s.StrictIDs, BodyLimit: s.BodyLimit, Service: s.Service, Organization: s.Organization, Version: s.Version, Related: s.Related, Scopes: s.Scopes, Prepare: s.Prepare,
		Belongs: s.Belongs, Unique: s.Unique, NonField: s.NonField, ItemOps: s.ItemOps,
		Description: it.Description, Out: it.Out, Apply: it.Apply, Update: it.Update, Delete: it.Delete, Check: it.Check, Frozen: it.Frozen,
	})
}

// shared is what a resource and its Detail have in common.
func (res *Resource[K, T, F, In, Out]) shared() Resource[K, T, F, None, None] {
	return Resource[K, T, F, None, None]{
		Path: res.Path, Only: res.Only & onItem, Name: res.Name, Choices: res.Choices, ID: res.ID, Tag: res.Tag, Kind: res.Kind, Noun: res.Noun,
		Access: res.Access, ItemName: res.ItemName, Browser: res.Browser, Throttle: res.Throttle, StrictIDs: res.StrictIDs, BodyLimit: res.BodyLimit, Service: res.Service, Organization: res.Organization, Version: res.Version, Related: res.Related,
		Scopes: res.Scopes, Prepare: res.Prepare, Belongs: res.Belongs, Unique: res.Unique, NonField: res.NonField, ItemOps: res.ItemOps,
	}
}

// split mounts the Detail of a resource and leaves the list to the resource.
func (res *Resource[K, T, F, In, Out]) split(a *API) {
	if res.Detail == nil {
		return
	}
	if res.Update != nil || res.Delete != nil || res.Frozen != nil {
		panic("rest: " + res.Path + ": Update, Delete and Frozen belong to the Detail")
	}
	if res.Only&onItem == 0 || res.Only&onList == 0 {
		panic("rest: " + res.Path + ": a resource with a Detail has operations on the list and on the object")
	}
	res.Detail.mountItem(a, res.shared())
	res.Only, res.ItemOps = res.Only&onList, nil
}
