package main

import "strings"

// initialisms are written in capitals.
var initialisms = map[string]string{
	"id": "ID", "ids": "IDs", "ip": "IP", "url": "URL", "vpn": "VPN", "ca": "CA", "mac": "MAC", "os": "OS", "dh": "DH", "api": "API", "json": "JSON",
	"uuid": "UUID", "html": "HTML", "css": "CSS", "http": "HTTP", "https": "HTTPS", "dns": "DNS", "ssid": "SSID", "uri": "URI", "cpu": "CPU", "nas": "NAS",
}

// exported makes MACAddress of mac_address.
func exported(name string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' }) {
		if known, ok := initialisms[strings.ToLower(part)]; ok {
			b.WriteString(known)
			continue
		}
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// unexported makes groupID of group_id.
func unexported(name string) string {
	first, rest, _ := strings.Cut(name, "_")
	if first == "type" || first == "range" || first == "func" {
		first += "Of"
	}
	return first + exported(rest)
}

func plural(name string) string {
	switch {
	case strings.HasSuffix(name, "y") && !strings.HasSuffix(name, "ey"):
		return strings.TrimSuffix(name, "y") + "ies"
	case strings.HasSuffix(name, "NAS"), strings.HasSuffix(name, "ch"), strings.HasSuffix(name, "x"), strings.HasSuffix(name, "ss"):
		return name + "es"
	}
	return strings.TrimSuffix(name, "s") + "s"
}
