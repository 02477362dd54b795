package sso

import "fmt"

// AttributeNames are where a provider of SAML says what; empty fields mean the names that
// most providers use.
type AttributeNames struct {
	// Subject is the lasting name of a person; empty: the name of the assertion's subject.
	Subject string
	// Username, Email and Groups are what Person calls so.
	Username, Email, Groups string
	// TrustEmail takes addresses for verified.
	TrustEmail bool
}

// The names that are looked for, in this order: as people write them, as the standards of
// universities number them, as Microsoft's servers have them.
func usernames() []string {
	return []string{"username", "uid", "urn:oid:0.9.2342.19200300.100.1.1", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"}
}

func emails() []string {
	return []string{"email", "mail", "urn:oid:0.9.2342.19200300.100.1.3", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"}
}

func firstNames() []string {
	return []string{"first_name", "givenName", "urn:oid:2.5.4.42", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"}
}

func lastNames() []string {
	return []string{"last_name", "sn", "urn:oid:2.5.4.4", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"}
}

func groupNames() []string {
	return []string{"groups", "memberOf", "isMemberOf", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"}
}

// FromAttributes is the person of whom a provider of SAML asserts something. name is what
// it calls the person; transient says that it does so only this once, so that an attribute
// must name the person.
func FromAttributes(issuer, name string, transient bool, attributes map[string][]string, n AttributeNames) (*Person, error) {
	p := &Person{
		Issuer: issuer, Subject: name, Username: one(attributes, n.Username, usernames()), Email: one(attributes, n.Email, emails()),
		FirstName: one(attributes, "", firstNames()), LastName: one(attributes, "", lastNames()), Groups: all(attributes, n.Groups, groupNames()),
	}
	p.EmailVerified = n.TrustEmail && p.Email != ""
	switch {
	case n.Subject != "":
		values := attributes[n.Subject]
		if len(values) != 1 || values[0] == "" {
			return nil, fmt.Errorf("%w: the provider does not say who you are", ErrRefused)
		}
		p.Subject = values[0]
	case transient:
		return nil, fmt.Errorf("%w: the provider gives you another name each time", ErrRefused)
	}
	return p, nil
}

func all(attributes map[string][]string, wanted string, usual []string) []string {
	if wanted != "" {
		return attributes[wanted]
	}
	for _, name := range usual {
		if values := attributes[name]; len(values) > 0 {
			return values
		}
	}
	return nil
}

func one(attributes map[string][]string, wanted string, usual []string) string {
	if values := all(attributes, wanted, usual); len(values) > 0 {
		return values[0]
	}
	return ""
}
