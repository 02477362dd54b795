package rest

// documents are the API's descriptions, rendered once.
type documents struct{}
