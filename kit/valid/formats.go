package valid

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

// The sentences about formats.
const (
	// NoEmail is said of what is no e-mail address.
	NoEmail = "Enter a valid email address."
	// NoURL is said of what is no URL.
	NoURL = "Enter a valid URL."
	// NoSlug is said of what is no slug.
	NoSlug = `Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.`
	// NoIP is said of what is no address of a host.
	NoIP = "Enter a valid IPv4 or IPv6 address."
)

// Email wants an e-mail address. Quoted forms are refused.
func Email(text string) string { return unless(text == "" || validEmail(text), NoEmail) }

// URL wants an address of the web or of FTP.
func URL(text string) string { return unless(text == "" || validURL(text), NoURL) }

// Slug wants ASCII letters, digits, hyphens and underscores.
func Slug(text string) string { return unless(text == "" || slugPattern.MatchString(text), NoSlug) }

// IP wants an IPv4 or IPv6 address without a zone.
func IP(text string) string {
	a, err := netip.ParseAddr(text)
	return unless(text == "" || err == nil && a.Zone() == "", NoIP)
}

func unless(ok bool, fault string) string {
	if ok {
		return ""
	}
	return fault
}

var (
	slugPattern = regexp.MustCompile(`^[-a-zA-Z0-9_]+$`)
	// emailLocal is what may stand before the @. Quoted forms are refused.
	emailLocal = regexp.MustCompile("^[-!#$%&'*+/=?^_`{}|~0-9A-Za-z]+(\\.[-!#$%&'*+/=?^_`{}|~0-9A-Za-z]+)*$")
	// hostLabel is one part of a host name; letters beyond ASCII stand for
	// their encoded form.
	hostLabel = regexp.MustCompile(`^[a-zA-Z0-9\x{a1}-\x{10ffff}]([a-zA-Z0-9\x{a1}-\x{10ffff}-]{0,61}[a-zA-Z0-9\x{a1}-\x{10ffff}])?$`)
	// emailTop and urlTop are the last part of the host in either.
	emailTop = regexp.MustCompile(`^[a-zA-Z0-9\x{a1}-\x{10ffff}-]{1,62}[a-zA-Z0-9\x{a1}-\x{10ffff}]$`)
	urlTop   = regexp.MustCompile(`^([a-zA-Z\x{a1}-\x{10ffff}][a-zA-Z\x{a1}-\x{10ffff}-]{0,61}[a-zA-Z\x{a1}-\x{10ffff}]|(?i:xn--)[a-zA-Z0-9]{1,59})$`)
	// urlHost takes user, address or name, and port apart.
	urlHost = regexp.MustCompile(`^(?:[^\s:@/]+(?::[^\s:@/]*)?@)?(\[[0-9a-fA-F:.]+\]|[^\s:@/\[\]]+)(?::[0-9]{1,5})?$`)
)

func validEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 0 || len(s) > 320 || !emailLocal.MatchString(s[:at]) {
		return false
	}
	domain := s[at+1:]
	if inside, literal := strings.CutPrefix(domain, "["); literal {
		_, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
		return err == nil && strings.HasSuffix(inside, "]")
	}
	return domain == "localhost" || validName(domain, emailTop)
}

// maxURL bounds what is looked at (CVE-2023-36053 was about the lack of it).
const maxURL = 2048

func validURL(s string) bool {
	scheme, rest, found := strings.Cut(s, "://")
	if !found || len(s) > maxURL || strings.ContainsFunc(s, unicode.IsSpace) {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "ftps":
	default:
		return false
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	parts := urlHost.FindStringSubmatch(rest)
	if parts == nil {
		return false
	}
	host := strings.Trim(parts[1], "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return strings.EqualFold(host, "localhost") || validName(strings.TrimSuffix(host, "."), urlTop)
}

// validName reports whether a text is a host name of two parts or more.
func validName(name string, top *regexp.Regexp) bool {
	labels := strings.Split(name, ".")
	last := len(labels) - 1
	if last < 1 || len(name) > 253 || !top.MatchString(labels[last]) {
		return false
	}
	for _, l := range labels[:last] {
		if !hostLabel.MatchString(l) {
			return false
		}
	}
	return true
}
