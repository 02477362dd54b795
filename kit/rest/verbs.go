package rest

// Verbs is a set of the five operations of a Resource: List | Read.
type Verbs uint8

// The operations of a Resource.
const (
	// List is GET on the list's path.
	List Verbs = 1 << iota
	// Create is POST on the list's path.
	Create
	// Read is GET on the object's path.
	Read
	// Update is PUT and PATCH on the object's path.
	Update
	// Delete is DELETE on the object's path.
	Delete
)

const (
	onList = List | Create
	onItem = Read | Update | Delete
)

// String names the operations, for messages.
func (v Verbs) String() string {
	text := ""
	for i, name := range [...]string{"list", "create", "read", "update", "delete"} {
		if v&(1<<i) == 0 {
			continue
		}
		if text != "" {
			text += " "
		}
		text += name
	}
	return text
}
