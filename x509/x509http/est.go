package x509http

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/smallstep/pkcs7"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/x509"
)

// ESTPrefix is where RFC 7030 wants enrolment.
const ESTPrefix = "/.well-known/est/"

// maxRequest is the largest request for a certificate that is read.
const maxRequest = 64 << 10

// EST serves enrolment of devices (RFC 7030): <prefix><id of the CA>/cacerts,
// simpleenroll and simplereenroll. Without the id it is the only CA that devices
// of the organization may enrol at.
func (h *HTTP) EST() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.options.Enrollee == nil {
			say(w, http.StatusNotFound, "Not Found")
			return
		}
		label, operation, found := strings.Cut(strings.TrimPrefix(r.URL.Path, ESTPrefix), "/")
		if !found {
			label, operation = "", label
		}
		id, err := strconv.ParseInt(label, 10, 64)
		if label != "" && (err != nil || id <= 0) {
			say(w, http.StatusNotFound, "Not Found")
			return
		}
		switch operation {
		case "cacerts":
			h.caCerts(w, r, id)
		case "simpleenroll":
			h.enrol(w, r, id, false)
		case "simplereenroll":
			h.enrol(w, r, id, true)
		default:
			say(w, http.StatusNotFound, "Not Found")
		}
	})
}

// only is the CA to enrol at when the path names none.
func (h *HTTP) only(r *http.Request, id int64, who *x509.Enrollee) (int64, error) {
	if id != 0 {
		return id, nil
	}
	list, err := h.a.Enrollers(r.Context(), who.OrganizationID)
	if err != nil {
		return 0, err
	}
	if len(list) != 1 {
		return 0, wispwright.ErrNotFound
	}
	return list[0].ID, nil
}

// caCerts answers with the chain of the CA. With its id nobody has to prove
// anything (RFC 7030 §4.1.1): certificates of CAs are public.
func (h *HTTP) caCerts(w http.ResponseWriter, r *http.Request, id int64) {
	if !reads(w, r) {
		return
	}
	if id == 0 {
		who := h.enrollee(w, r)
		if who == nil {
			return
		}
		var err error
		if id, err = h.only(r, 0, who); err != nil {
			h.failed(w, r, err)
			return
		}
	}
	ca, err := h.a.CAs.Get(r.Context(), wispwright.ScopeAll(), id)
	if err == nil && !ca.Enrolment {
		err = wispwright.ErrNotFound
	}
	var chain []*x509.CA
	if err == nil {
		chain, err = h.a.CAs.Chain(r.Context(), id)
	}
	if err != nil {
		h.failed(w, r, err)
		return
	}
	h.certsOnly(w, r, x509.Bundle("", chain), "application/pkcs7-mime")
}

func (h *HTTP) enrol(w http.ResponseWriter, r *http.Request, id int64, again bool) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		say(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	who := h.enrollee(w, r)
	if who == nil {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		say(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("The request is larger than %d bytes.", maxRequest))
		return
	}
	if id, err = h.only(r, id, who); err != nil {
		h.failed(w, r, err)
		return
	}
	cert, err := h.a.Enrol(r.Context(), id, decoded(body), *who, again)
	var invalid *wispwright.ValidationError
	switch {
	case errors.As(err, &invalid):
		say(w, http.StatusBadRequest, strings.Join(invalid.Messages(), "\n"))
	case errors.Is(err, wispwright.ErrForbidden):
		say(w, http.StatusForbidden, "The certificate of this holder was revoked.")
	case err != nil:
		h.failed(w, r, err)
	default:
		h.certsOnly(w, r, cert.Certificate, "application/pkcs7-mime; smime-type=certs-only")
	}
}

// decoded is the request itself: EST sends base64, some clients PEM or DER.
func decoded(body []byte) []byte {
	if bytes.Contains(body, []byte("-----BEGIN")) {
		return body
	}
	compact := bytes.Join(bytes.Fields(body), nil)
	der := make([]byte, base64.StdEncoding.DecodedLen(len(compact)))
	if n, err := base64.StdEncoding.Decode(der, compact); err == nil {
		return der[:n]
	}
	return body
}

// certsOnly answers with certificates as PKCS#7, in base64 with line ends.
func (h *HTTP) certsOnly(w http.ResponseWriter, r *http.Request, bundle, kind string) {
	var ders []byte
	for rest := []byte(bundle); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		ders = append(ders, block.Bytes...)
	}
	degenerate, err := pkcs7.DegenerateCertificate(ders)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	text := base64.StdEncoding.EncodeToString(degenerate)
	var b bytes.Buffer
	for len(text) > 0 {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	w.Header().Set("Content-Transfer-Encoding", "base64")
	send(w, r, kind, b.Bytes())
}
