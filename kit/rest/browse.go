package rest

// page is the browsable form of an answer (rest-conventions §11).
func (r *Request) page(status int, text []byte) ([]byte, error) {
	return text, nil
}
