package x509

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// Extension is one that follows the built-in ones (spec: x509 §3.3, additions
// It has a name that OpenSSL knows, or an object identifier.
type Extension struct {
	// Name is one of ExtensionNames; empty when there is an OID.
	Name string `json:"name,omitempty"`
	// OID is in dotted form, for extensions of one's own.
	OID string `json:"oid,omitempty"`
	// Critical extensions must be understood by those who check the certificate.
	Critical bool `json:"critical"`
	// Value is written as in OpenSSL's configuration for a name, such as
	// "DNS:a.example.com,IP:10.0.0.1"; for an OID as
	// ASN1:<UTF8|IA5|PRINTABLE|OCTET>:<string|hex>:<data>.
	Value string `json:"value"`
}

// ExtensionNames are the names an Extension may have.
func ExtensionNames() []string {
	return []string{"nsCertType", "nsComment", "extendedKeyUsage", "subjectAltName", "keyUsage", "certificatePolicies", "crlDistributionPoints", "authorityInfoAccess"}
}

// The limits on extensions.
const (
	maxExtensions = 32
	maxExtension  = 65536
)

func oid(n ...int) asn1.ObjectIdentifier { return n }

var errFormat = errors.New("Extension format invalid")

// The extensions that are written in any case.
func oidBasicConstraints() asn1.ObjectIdentifier { return oid(2, 5, 29, 19) }
func oidKeyUsage() asn1.ObjectIdentifier         { return oid(2, 5, 29, 15) }
func oidSubjectKeyID() asn1.ObjectIdentifier     { return oid(2, 5, 29, 14) }
func oidAuthorityKeyID() asn1.ObjectIdentifier   { return oid(2, 5, 29, 35) }

// oidOf is the identifier of a named extension.
func oidOf(name string) asn1.ObjectIdentifier {
	switch name {
	case "nsCertType":
		return oid(2, 16, 840, 1, 113730, 1, 1)
	case "nsComment":
		return oid(2, 16, 840, 1, 113730, 1, 13)
	case "extendedKeyUsage":
		return oid(2, 5, 29, 37)
	case "subjectAltName":
		return oid(2, 5, 29, 17)
	case "keyUsage":
		return oidKeyUsage()
	case "certificatePolicies":
		return oid(2, 5, 29, 32)
	case "crlDistributionPoints":
		return oid(2, 5, 29, 31)
	case "authorityInfoAccess":
		return oid(1, 3, 6, 1, 5, 5, 7, 1, 1)
	}
	return nil
}

// encodeExtensions makes the user's extensions; its faults name the field. Key
// usages come back apart, since there is one extension for all of them.
func encodeExtensions(list []Extension) (out []pkix.Extension, usage int, usageCritical bool, err error) {
	var v wispwright.ValidationError
	if len(list) > maxExtensions {
		v.Add("extensions", fmt.Sprintf("There are %d extensions; at most %d are accepted.", len(list), maxExtensions))
		return nil, 0, false, v.Err()
	}
	seen := []asn1.ObjectIdentifier{oidBasicConstraints(), oidSubjectKeyID(), oidAuthorityKeyID()}
	for _, e := range list {
		if e.Name == "keyUsage" {
			bits, err := flags(e.Value, keyUsages())
			if err != nil {
				v.Add("extensions", "keyUsage: "+err.Error())
			}
			usage |= bits
			usageCritical = usageCritical || e.Critical
			continue
		}
		one, err := e.encode()
		switch {
		case errors.Is(err, errFormat):
			v.Add("", errFormat.Error())
		case err != nil:
			v.Add("extensions", err.Error())
		case slices.ContainsFunc(seen, one.Id.Equal):
			v.Add("extensions", fmt.Sprintf("%s: an extension with the identifier %s is there already", e.label(), one.Id))
		default:
			seen = append(seen, one.Id)
			out = append(out, one)
		}
	}
	return out, usage, usageCritical, v.Err()
}

func (e Extension) label() string {
	if e.Name != "" {
		return e.Name
	}
	return e.OID
}

func (e Extension) encode() (pkix.Extension, error) {
	if (e.Name == "") == (e.OID == "") {
		return pkix.Extension{}, errFormat
	}
	if len(e.Value) > maxExtension {
		return pkix.Extension{}, fmt.Errorf("%s: the value is longer than %d bytes", e.label(), maxExtension)
	}
	if e.OID != "" {
		id, err := parseOID(e.OID)
		if err != nil {
			return pkix.Extension{}, fmt.Errorf("%s: %w", e.OID, err)
		}
		if reserved(id) {
			return pkix.Extension{}, fmt.Errorf("%s: this identifier is reserved; use its name", e.OID)
		}
		der, err := ownValue(e.Value)
		if err != nil {
			return pkix.Extension{}, fmt.Errorf("%s: %w", e.OID, err)
		}
		return pkix.Extension{Id: id, Critical: e.Critical, Value: der}, nil
	}
	id := oidOf(e.Name)
	if id == nil {
		return pkix.Extension{}, fmt.Errorf("Unsupported extension: %s", e.Name)
	}
	der, err := namedValue(e.Name, strings.TrimSpace(e.Value))
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("%s: %w", e.Name, err)
	}
	return pkix.Extension{Id: id, Critical: e.Critical, Value: der}, nil
}

// reserved are the identifiers that the library writes itself.
func reserved(id asn1.ObjectIdentifier) bool {
	if slices.ContainsFunc([]asn1.ObjectIdentifier{oidBasicConstraints(), oidSubjectKeyID(), oidAuthorityKeyID()}, id.Equal) {
		return true
	}
	for _, name := range ExtensionNames() {
		if oidOf(name).Equal(id) {
			return true
		}
	}
	return false
}

func parseOID(text string) (asn1.ObjectIdentifier, error) {
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > 32 {
		return nil, errors.New("not an object identifier")
	}
	id := make(asn1.ObjectIdentifier, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseInt(p, 10, 32)
		if err != nil || n < 0 || p != strconv.FormatInt(n, 10) || i == 0 && n > 2 || i == 1 && id[0] < 2 && n > 39 {
			return nil, errors.New("not an object identifier")
		}
		id[i] = int(n)
	}
	return id, nil
}

// ownValue reads ASN1:<type>:<form>:<data> (spec: additions X-2).
func ownValue(text string) ([]byte, error) {
	parts := strings.SplitN(text, ":", 4)
	if len(parts) != 4 || parts[0] != "ASN1" {
		return nil, errors.New("the value must be ASN1:<UTF8|IA5|PRINTABLE|OCTET>:<string|hex>:<data>")
	}
	kind, form, data := parts[1], parts[2], parts[3]
	switch form {
	case "string":
	case "hex":
		if kind != "OCTET" {
			return nil, errors.New("hex is for OCTET only")
		}
		raw, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "", "-", "").Replace(data))
		if err != nil {
			return nil, errors.New("the data is not hexadecimal")
		}
		return asn1.Marshal(raw)
	default:
		return nil, errors.New("the form must be string or hex")
	}
	switch kind {
	case "UTF8":
		if !utf8.ValidString(data) {
			return nil, errors.New("the data is not UTF-8")
		}
		return asn1.Marshal(asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(data)})
	case "IA5":
		return ia5(data)
	case "PRINTABLE":
		return asn1.MarshalWithParams(data, "printable")
	case "OCTET":
		return asn1.Marshal([]byte(data))
	}
	return nil, errors.New("the type must be UTF8, IA5, PRINTABLE or OCTET")
}

func ia5(text string) ([]byte, error) {
	for _, c := range text {
		if c > 127 {
			return nil, errors.New("only ASCII characters are possible")
		}
	}
	return asn1.MarshalWithParams(text, "ia5")
}

// namedValue reads what OpenSSL's configuration has behind a name.
func namedValue(name, value string) ([]byte, error) {
	switch name {
	case "nsComment":
		if utf8.RuneCountInString(value) > 255 {
			return nil, errors.New("at most 255 characters")
		}
		return ia5(value)
	case "nsCertType":
		bits, err := flags(value, []string{"client", "server", "email", "objsign", "reserved", "sslCA", "emailCA", "objCA"})
		if err != nil {
			return nil, err
		}
		return bitString(bits)
	case "extendedKeyUsage":
		return extendedKeyUsage(value)
	case "subjectAltName":
		var names []asn1.RawValue
		for _, item := range split(value) {
			n, err := generalName(item)
			if err != nil {
				return nil, err
			}
			names = append(names, n)
		}
		if len(names) == 0 {
			return nil, errors.New("no name is given")
		}
		return asn1.Marshal(names)
	case "certificatePolicies":
		return policies(value)
	case "crlDistributionPoints":
		return distributionPoints(value)
	}
	return informationAccess(value)
}

// split takes a list apart at its commas.
func split(value string) []string {
	var out []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

func keyUsages() []string {
	return []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}
}

// flags sets the bit of each name, the first one being bit 0 of ASN.1.
func flags(value string, names []string) (bits int, err error) {
	items := split(value)
	if len(items) == 0 {
		return 0, errors.New("no value is given")
	}
	for _, item := range items {
		i := slices.Index(names, item)
		if i < 0 || item == "reserved" {
			return 0, fmt.Errorf("%q is none of %s", item, strings.Join(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "reserved" }), ", "))
		}
		bits |= 1 << i
	}
	return bits, nil
}

// bitString writes named bits without trailing zeros.
func bitString(bits int) ([]byte, error) {
	var s asn1.BitString
	for i := range 16 {
		if bits&(1<<i) == 0 {
			continue
		}
		for len(s.Bytes) <= i/8 {
			s.Bytes = append(s.Bytes, 0)
		}
		s.Bytes[i/8] |= 0x80 >> (i % 8)
		s.BitLength = i + 1
	}
	return asn1.Marshal(s)
}

// usageOID is a purpose by OpenSSL's name, or in dotted form.
func usageOID(name string) (asn1.ObjectIdentifier, error) {
	names := []string{"", "serverAuth", "clientAuth", "codeSigning", "emailProtection", "", "", "", "timeStamping", "OCSPSigning"}
	if i := slices.Index(names, name); i > 0 && name != "" {
		return oid(1, 3, 6, 1, 5, 5, 7, 3, i), nil
	}
	if id, err := parseOID(name); err == nil {
		return id, nil
	}
	return nil, fmt.Errorf("%q is neither serverAuth, clientAuth, codeSigning, emailProtection, timeStamping, OCSPSigning nor an object identifier", name)
}

func extendedKeyUsage(value string) ([]byte, error) {
	var ids []asn1.ObjectIdentifier
	for _, item := range split(value) {
		id, err := usageOID(item)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, errors.New("no value is given")
	}
	return asn1.Marshal(ids)
}

// generalName reads DNS:, IP:, email: and URI:.
func generalName(item string) (asn1.RawValue, error) {
	kind, value, found := strings.Cut(item, ":")
	value = strings.TrimSpace(value)
	if !found || value == "" {
		return asn1.RawValue{}, fmt.Errorf("%q must begin with DNS:, IP:, email: or URI:", item)
	}
	for _, c := range value {
		if c > 127 || c < ' ' {
			return asn1.RawValue{}, fmt.Errorf("%q: only ASCII characters are possible", item)
		}
	}
	name := asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: []byte(value)}
	switch kind {
	case "DNS":
		if strings.ContainsAny(value, " /:@") || len(value) > 253 {
			return name, fmt.Errorf("%q is not a host name", value)
		}
		name.Tag = 2
	case "IP":
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" {
			return name, fmt.Errorf("%q is not an address", value)
		}
		name.Tag, name.Bytes = 7, a.AsSlice()
	case "email":
		if fault := valid.Email(value); fault != "" {
			return name, fmt.Errorf("%q is not an e-mail address", value)
		}
		name.Tag = 1
	case "URI":
		if u, err := url.Parse(value); err != nil || u.Scheme == "" {
			return name, fmt.Errorf("%q is not a URI", value)
		}
		name.Tag = 6
	default:
		return name, fmt.Errorf("%q must begin with DNS:, IP:, email: or URI:", item)
	}
	return name, nil
}

func policies(value string) ([]byte, error) {
	var list []struct{ ID asn1.ObjectIdentifier }
	for _, item := range split(value) {
		id, err := parseOID(item)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", item, err)
		}
		list = append(list, struct{ ID asn1.ObjectIdentifier }{id})
	}
	if len(list) == 0 {
		return nil, errors.New("no value is given")
	}
	return asn1.Marshal(list)
}

// wrap puts DER values into a constructed one with a context-specific tag.
func wrap(tag int, content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: content}
}

func distributionPoints(value string) ([]byte, error) {
	var points []asn1.RawValue
	for _, item := range split(value) {
		if !strings.HasPrefix(item, "URI:") {
			return nil, fmt.Errorf("%q must begin with URI:", item)
		}
		n, err := generalName(item)
		if err != nil {
			return nil, err
		}
		der, err := asn1.Marshal(n)
		if err != nil {
			return nil, err
		}
		full, err := asn1.Marshal(wrap(0, der))
		if err != nil {
			return nil, err
		}
		name, err := asn1.Marshal(wrap(0, full))
		if err != nil {
			return nil, err
		}
		points = append(points, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: name})
	}
	if len(points) == 0 {
		return nil, errors.New("no value is given")
	}
	return asn1.Marshal(points)
}

func informationAccess(value string) ([]byte, error) {
	type description struct {
		Method   asn1.ObjectIdentifier
		Location asn1.RawValue
	}
	var list []description
	for _, item := range split(value) {
		method, where, _ := strings.Cut(item, ";")
		var id asn1.ObjectIdentifier
		switch method {
		case "OCSP":
			id = oid(1, 3, 6, 1, 5, 5, 7, 48, 1)
		case "caIssuers":
			id = oid(1, 3, 6, 1, 5, 5, 7, 48, 2)
		default:
			return nil, fmt.Errorf("%q must begin with OCSP; or caIssuers;", item)
		}
		n, err := generalName(where)
		if err != nil {
			return nil, err
		}
		list = append(list, description{id, n})
	}
	if len(list) == 0 {
		return nil, errors.New("no value is given")
	}
	return asn1.Marshal(list)
}
