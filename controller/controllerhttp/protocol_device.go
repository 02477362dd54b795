package controllerhttp

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/rest"
)

// checksum answers a poll, the request every device sends all day: it makes
// nothing but the answer (§10.4).
func (p *Protocol) checksum(w http.ResponseWriter, r *http.Request, c protocol.Credentials) {
	var managementIP string
	c.Key, managementIP = pollParameters(r.URL.RawQuery)
	sum, err := p.agent.Checksum(r.Context(), c, managementIP)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	h := w.Header()
	h["Content-Type"] = p.plain
	if len(sum) == 32 {
		h["Content-Length"] = p.md5Length
	}
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, sum) // a device that went away hears nothing either way
	}
}

func pollParameters(query string) (key, managementIP string) {
	eachParameter(query, func(name, value string) {
		switch name {
		case "key":
			key = value
		case "management_ip":
			managementIP = value
		}
	})
	return key, managementIP
}

func (p *Protocol) download(w http.ResponseWriter, r *http.Request, c protocol.Credentials) {
	var managementIP string
	c.Key, managementIP = pollParameters(r.URL.RawQuery)
	archive, err := p.agent.Download(r.Context(), c, managementIP)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.sendArchive(w, r, archive)
}

// sendArchive answers a download.
func (p *Protocol) sendArchive(w http.ResponseWriter, r *http.Request, archive *render.Archive) {
	h := w.Header()
	h["Content-Type"] = p.binary
	h.Set("Content-Disposition", attachment(archive.Name))
	h.Set("Content-Length", strconv.Itoa(len(archive.Bytes)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(archive.Bytes) // a device that went away hears nothing either way
	}
}

// attachment is the Content-Disposition of an archive: the name unquoted, as
// agents and scripts know it (§10.5), unless it could be read as something else.
func attachment(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/' || r == ';' {
			return '_'
		}
		return r
	}, name)
	file := safe + ".tar.gz"
	if strings.ContainsFunc(file, func(r rune) bool { return !tokenRune(r) }) {
		file = `"` + file + `"`
	}
	return "attachment; filename=" + file
}

// tokenRune reports whether a letter of a header's parameter needs no quotes (RFC
// 9110 §5.6.2), or is the colon of MAC addresses, which agents know without.
func tokenRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(":!#$%&'*+-.^_`|~", r)
}

func (p *Protocol) updateInfo(w http.ResponseWriter, r *http.Request, c protocol.Credentials) {
	form, err := readForm(w, r, p.limit)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	c.Key = form["key"]
	err = p.agent.UpdateInfo(r.Context(), c, form["os"], form["model"], form["system"])
	var invalid *wispwright.ValidationError
	switch {
	case errors.As(err, &invalid):
		p.text(w, http.StatusBadRequest, invalidJSON(invalid))
	case err != nil:
		p.refuse(w, r, err)
	default:
		p.text(w, http.StatusOK, "update-info: success")
	}
}

// invalidJSON lists faults as the original does: keys sorted, four spaces (§10.6).
func invalidJSON(v *wispwright.ValidationError) string {
	faults := map[string][]string{}
	for _, f := range v.Fields {
		path := f.Path
		if path == "" {
			path = "__all__"
		}
		faults[path] = append(faults[path], f.Messages...)
	}
	b, err := json.MarshalIndent(faults, "", "    ")
	if err != nil {
		return v.Error() // texts always marshal
	}
	return string(b)
}

func (p *Protocol) reportStatus(w http.ResponseWriter, r *http.Request, c protocol.Credentials) {
	form, err := readForm(w, r, p.limit)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	c.Key = form["key"]
	status, err := p.agent.ReportStatus(r.Context(), c, form["status"], form["error_reason"])
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.text(w, http.StatusOK, "report-result: success\ncurrent-status: "+string(status)+"\n")
}

func (p *Protocol) register(w http.ResponseWriter, r *http.Request, peer netip.Addr) {
	if wait := p.attempts.wait(rest.Source(r, p.proxied)); wait > 0 {
		p.tooMany(w, wait)
		return
	}
	form, err := readForm(w, r, p.limit)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	optional := func(name string) *string {
		if v, ok := form[name]; ok {
			return &v
		}
		return nil
	}
	done, err := p.agent.Register(r.Context(), protocol.Registration{
		Secret: form["secret"], Name: form["name"], MACAddress: form["mac_address"], Backend: form["backend"],
		Key: form["key"], HardwareID: form["hardware_id"], ManagementIP: form["management_ip"], Tags: form["tags"],
		Model: optional("model"), OS: optional("os"), System: optional("system"), Peer: peer,
	})
	var invalid *wispwright.ValidationError
	switch {
	case errors.As(err, &invalid):
		p.text(w, http.StatusBadRequest, strings.Join(invalid.Messages(), " "))
	case errors.Is(err, protocol.ErrUnrecognizedSecret):
		p.attempts.failed(rest.Source(r, p.proxied))
		p.refuse(w, r, err)
	case err != nil:
		p.refuse(w, r, err)
	default:
		p.text(w, http.StatusCreated, registered(done))
	}
}

func registered(r *controller.Registered) string {
	isNew := "0"
	if r.IsNew {
		isNew = "1"
	}
	return "registration-result: success\nuuid: " + r.Device.ID.Hex() + "\nkey: " + r.Device.Key.Reveal() +
		"\nhostname: " + r.Device.Name + "\nis-new: " + isNew + "\n"
}
